"""Budgets: bills compared with them, and usage with its habit, slice by slice."""

from __future__ import annotations

import time
from collections.abc import Collection

import structlog

from dashboard.budgets.forecasts import note_forecasts
from dashboard.budgets.look import find_moved, is_any_budget, note_used
from dashboard.budgets.unusual import find_unusual, next_slice
from dashboard.clock import utc_now
from jobs.apart import together_or_apart
from jobs.mails import is_mail_on
from jobs.runtime import job
from jobs.walk import walk

# So many organizations at a time: a few statements for each slice, whatever moved in it.
BILLS, HABITS = 1000, 100
MOST_SECONDS = 50.0
MOST_SECONDS_OF_HABITS = 500.0
log = structlog.get_logger("jobs.budgets")


@job(queue="maintenance", timeout=60)
def watch_due_budgets() -> None:
    """Have bills compared with their budgets where there are any."""
    if is_any_budget():
        watch_budgets.enqueue()


@job(queue="maintenance", timeout=120, is_alone=True)
def watch_budgets() -> None:
    """Note what the bills that moved have reached of their budgets."""
    walk("budgets", _look_at_bills, time.monotonic() + MOST_SECONDS)


@job(queue="maintenance", timeout=600, is_alone=True)
def watch_usage() -> None:
    """Note the products whose days cost far more than they are used to."""
    walk("unusual", _look_at_usage, time.monotonic() + MOST_SECONDS_OF_HABITS)


def _look_at_bills(place: int) -> int | None:
    moved = find_moved(place, most=BILLS, now=utc_now())
    if moved.organization_ids:
        together_or_apart(_note_bills, moved.organization_ids, failed=_failed)
    return moved.next_place


def _note_bills(organization_ids: Collection[int]) -> None:
    now, is_mailed = utc_now(), is_mail_on()
    noted = note_used(organization_ids, now=now, is_mailed=is_mailed)
    noted += note_forecasts(organization_ids, now=now, is_mailed=is_mailed)
    if noted:
        log.info("budget_alerts_noted", alerts=noted)


def _look_at_usage(place: int) -> int | None:
    ids, next_place = next_slice(place, most=HABITS)
    if ids:
        together_or_apart(_note_usage, ids, failed=_failed)
    return next_place


def _note_usage(organization_ids: Collection[int]) -> None:
    noted = find_unusual(organization_ids, now=utc_now(), is_mailed=is_mail_on())
    if noted:
        log.info("unusual_usage_noted", episodes=noted)


def _failed(organization_id: int, error: Exception) -> None:
    # It is found again at the next turn.
    log.error("budget_not_looked_at", organization_id=organization_id, exc_info=error)
