"""Work the ledger out anew, a few seconds at a time, so that nobody else waits for it."""

from __future__ import annotations

import time
from datetime import timedelta

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.invariants.of_facts import keep_recounted, to_look_at_again
from dashboard.recount.models import LedgerRun
from dashboard.recount.runs import (
    Overtaken,
    begin,
    end,
    keep,
    last_whole_at,
    next_of,
    recount_or_say_why,
    under_way,
)
from dashboard.transaction import checkpoint, rollback
from jobs.runtime import is_stopping, job, place_of_this_job

# Of ten minutes: a thirtieth of one worker.
MOST_SECONDS = 20.0
# From the beginning of one run of the clock's to that of the next, at least.
EVERY = timedelta(days=1)


@job(queue="maintenance", timeout=600, is_alone=True)
def recount_ledger() -> None:
    """Look again where the ledger was something else, and work out the next organizations."""
    ends_at = time.monotonic() + MOST_SECONDS
    _, worker = place_of_this_job()
    for organization_id in to_look_at_again(now=utc_now()):
        recount_organization(organization_id)
    run = _run_to_continue()
    while run is not None and time.monotonic() < ends_at and not is_stopping(worker):
        run = _next(run)


@job(queue="interactive", timeout=300)
def recount_organization(organization_id: int) -> None:
    """Work one organization out: a person waits for it, or it was something else."""
    rollback()
    found = recount_or_say_why(organization_id)
    keep_recounted(organization_id, found, now=utc_now())
    checkpoint()


def recount_soon(organization_id: int) -> None:
    """Let a worker work one out once this transaction is committed."""
    recount_organization.enqueue(organization_id)


def _run_to_continue() -> LedgerRun | None:
    run = under_way(is_of_clock=True)
    last = last_whole_at()
    if run is None and (last is None or utc_now() - last >= EVERY):
        run = begin(is_of_clock=True, now=utc_now())
    checkpoint()
    return run


def _next(run: LedgerRun) -> LedgerRun | None:
    """Work out the next organization of a run; None where nothing is left to be done."""
    run = db.session.get_one(LedgerRun, run.id, populate_existing=True)
    organization_id = next_of(run)
    if organization_id is None:
        end(run, now=utc_now())
        checkpoint()
        return None
    rollback()
    found = recount_or_say_why(organization_id)
    try:
        keep(run, organization_id, found, now=utc_now())
        keep_recounted(organization_id, found, now=utc_now())
    except Overtaken:
        rollback()
        return None
    checkpoint()
    return run
