"""Look whether the money adds up, slice by slice, so that every organization is seen each day."""

from __future__ import annotations

import time

import structlog

from dashboard.clock import utc_now
from dashboard.invariants.look import SLICE
from dashboard.invariants.rounds import look_again, look_further, pass_over, slices_of_a_turn
from dashboard.transaction import checkpoint
from jobs.apart import slice_or_apart
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
    return slice_or_apart(
        lambda most: look_further(now=utc_now(), most=most),
        lambda: pass_over(now=utc_now()),
        most=SLICE,
        failed=lambda one, error: log.error(
            "invariants_not_looked_at", organization_id=one, exc_info=error
        ),
        has_time=lambda: time.monotonic() < ends_at,
    )
