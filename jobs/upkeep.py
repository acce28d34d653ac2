"""Upkeep: what keeps the tables in shape, and what is counted for those who look."""

from __future__ import annotations

from dashboard.accounts.sessions import forget_old
from dashboard.clock import utc_now
from dashboard.reading.next_close import closing_figures
from dashboard.sync.counts import recount
from dashboard.sync.fleet import fleet_figures
from dashboard.sync.tallies import tally
from dashboard.usage.partitions import ensure_partitions
from dashboard.webhooks.listing import event_figures
from jobs.runtime import job


@job(queue="maintenance", timeout=60, is_alone=True)
def make_partitions() -> None:
    """Make the coming months' partitions of the usage records."""
    ensure_partitions(utc_now())


@job(queue="maintenance", timeout=60, is_alone=True)
def forget_sessions() -> None:
    """Delete what is kept of sessions that nobody can use any more."""
    forget_old(now=utc_now())


@job(queue="maintenance", timeout=60)
def count_fleet() -> None:
    """Count what is too much to count for each look at the fleet."""
    now = utc_now()
    recount(fleet_figures(now=now) | event_figures() | closing_figures(), now=now)
    tally(now=now)
