"""What nobody expected ends in a state too: a bug, an odd reply, a worker that is killed each time.

A run is then tried a few times more, alone where it may have killed its worker; after that its
invoice is held for a person, and Stripe's own schedule with it, or Stripe would bill a stale draft.
"""

from __future__ import annotations

import structlog

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.models import FINALIZED
from dashboard.billing.outcome import put_on_hold
from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.ending import fail, retry
from dashboard.sync.finalize import hold_at_stripe
from dashboard.sync.lease import LeaseLost, extend
from dashboard.sync.models import SyncRun

MOST_INTERRUPTIONS = 5
# From here on a run gets a job by itself: with others in one, it would take them along each time.
ALONE_FROM = 2
KILLED = "its worker ended during it"
STANDS = "Stripe's own schedule may still be on: check it there."
log = structlog.get_logger("sync")


class Unexpected(BillingError):
    """Something broke that has no name here; the log has all of it."""

    status = 500
    code = "unexpected"


def is_hopeless(run: SyncRun) -> bool:
    """Whether the run was interrupted so often that trying again will not help."""
    return run.interruptions >= MOST_INTERRUPTIONS


def goes_alone(run: SyncRun) -> bool:
    """Whether the run may be what ends its workers."""
    return run.interruptions >= ALONE_FROM


def break_off(work: DraftWork, error: Exception) -> None:
    """Undo what was not committed, and let the run try again or end; raises `LeaseLost`."""
    run_id, invoice_id = work.run.id, work.invoice.id
    db.session.rollback()
    log.error("sync_broke", run_id=run_id, invoice_id=invoice_id, exc_info=error)
    extend(work.lease, now=work.clock())
    work.run.interruptions += 1
    why = (
        error.message
        if isinstance(error, BillingError)
        else f"the error was {type(error).__name__}"
    )
    if is_hopeless(work.run):
        give_up(work, why)
    else:
        again = Unexpected(f"This sync stopped unexpectedly: {why}. It is tried again.")
        retry(work, again)


def give_up(work: DraftWork, why: str) -> None:
    """End the run, and hold its invoice until somebody has seen to it; raises `LeaseLost`."""
    run, invoice, now = work.run, work.invoice, work.clock()
    sentence = (
        f"Its sync stopped {run.interruptions} times, most recently: {why}. Nothing more is sent "
        f"or billed until a person checks it: the log names sync {run.id}. Then sync it again."
    )
    fail(work, Unexpected(sentence))
    if invoice.status in FINALIZED:
        return
    put_on_hold(invoice, Unexpected.code, sentence, now=now)
    write_entry("sync.given_up", invoice, SYSTEM, {"run_id": run.id, "error": why}, now=now)
    work.checkpoint()
    try:
        hold_at_stripe(work)
    except LeaseLost:
        raise
    except Exception as error:  # the same thing again, most likely
        db.session.rollback()
        log.error("hold_broke", run_id=run.id, exc_info=error)
        extend(work.lease, now=work.clock())
        run.error = f"{run.error} {STANDS}"
        invoice.parked_reason = f"{invoice.parked_reason} {STANDS}"
