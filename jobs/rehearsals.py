"""Rehearse the closes of a day, in the night before the largest or when a person asks."""

from __future__ import annotations

import time

import structlog

from dashboard.clock import utc_now
from dashboard.close_rehearsal.rounds import SLICE, begin_by_clock, pass_over, rehearse_further
from dashboard.transaction import checkpoint
from jobs.apart import slice_or_apart
from jobs.runtime import is_stopping, job, place_of_this_job

MOST_SECONDS = 40.0
log = structlog.get_logger("jobs.rehearsals")


@job(queue="maintenance", timeout=120, is_alone=True)
def rehearse_closes() -> None:
    """Begin what is due, and go on for a while with what has begun."""
    ends_at = time.monotonic() + MOST_SECONDS
    _, worker = place_of_this_job()
    begin_by_clock(now=utc_now())
    checkpoint()
    while _rehearse_further() and time.monotonic() < ends_at and not is_stopping(worker):
        pass


def rehearse_now() -> None:
    """Go on to the end with what has begun, in this process."""
    while _rehearse_further():
        pass


def _rehearse_further() -> bool:
    return slice_or_apart(
        lambda most: rehearse_further(now=utc_now(), most=most),
        lambda: pass_over(now=utc_now()),
        most=SLICE,
        failed=lambda one, error: log.error("close_not_rehearsed", invoice_id=one, exc_info=error),
    )
