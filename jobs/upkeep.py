"""Upkeep: what keeps the tables in shape."""

from __future__ import annotations

from dashboard.accounts.sessions import forget_old
from dashboard.clock import utc_now
from dashboard.usage.partitions import ensure_partitions
from jobs.runtime import job


@job(queue="maintenance", timeout=60, is_alone=True)
def make_partitions() -> None:
    """Make the coming months' partitions of the usage records."""
    ensure_partitions(utc_now())


@job(queue="maintenance", timeout=60, is_alone=True)
def forget_sessions() -> None:
    """Delete what is kept of sessions that nobody can use any more."""
    forget_old(now=utc_now())
