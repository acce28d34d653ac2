"""Look whether the money adds up, slice by slice, so that every organization is seen each day."""

from __future__ import annotations

import time

import structlog

from dashboard.clock import utc_now
from dashboard.invariants.look import SLICE
from dashboard.invariants.rounds import look_again, look_further, pass_over, slices_of_a_turn
from dashboard.transaction import checkpoint, rollback
from jobs.runtime import is_stopping, job, place_of_this_job

MOST_SECONDS = 30.0
log = structlog.get_logger("jobs.invariants")


@job(queue="maintenance", timeout=120, is_alone=True)
def look_at_money() -> None:
    """Look again where it did not add up, and at the next organizations of the round."""
    ends_at = time.monotonic() + MOST_SECONDS
    _, worker = place_of_this_job()
    look_again(now=utc_now())
    checkpoint()
    for _ in range(slices_of_a_turn()):
        if not _look_further(ends_at) or time.monotonic() > ends_at or is_stopping(worker):
            return


def look_soon() -> None:
    """Let a worker look once this transaction is committed: somebody waits for it."""
    look_at_money.enqueue(queue="interactive")


def _look_further(ends_at: float) -> bool:
    """Look at a slice; where that fails one by one, so that no organization stops the round."""
    try:
        goes_on = look_further(now=utc_now())
        checkpoint()
        return goes_on
    except Exception:  # it shows again below, at the one that it is about
        rollback()
    for _ in range(SLICE):
        goes_on = _look_at_one() and time.monotonic() < ends_at
        if not goes_on:
            break
    return goes_on


def _look_at_one() -> bool:
    try:
        goes_on = look_further(now=utc_now(), most=1)
        checkpoint()
    except Exception as error:  # the others must not wait for it
        rollback()
        passed = pass_over(now=utc_now())
        checkpoint()
        log.error("invariants_not_looked_at", organization_id=passed, exc_info=error)
        return passed is not None
    return goes_on
