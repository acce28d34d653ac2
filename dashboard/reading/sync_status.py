"""Whether an invoice agrees with Stripe, in one word and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.subscription import CLAIMED, WAITS
from dashboard.extensions import db
from dashboard.sync.facts import InvoiceFacts, RunFacts, StateFacts
from dashboard.sync.held import CODE
from dashboard.sync.models import ACTIVE, AddedLine, SyncRun
from dashboard.sync.stripe_draft import was_switched_off

NOTHING_BILLED = "The ledger bills nothing, so Stripe has no such invoice and needs none."
State = Literal[
    "none",
    "in_sync",
    "pending",
    "syncing",
    "with_subscription",
    "differs",
    "held",
    "failed",
    "parked",
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many lines added at Stripe nobody decided on, and how many somebody left."""

    undecided: int
    left: int

    @classmethod
    def of(cls, lines: Iterable[AddedLine]) -> Waiting:
        """Count the lines of one invoice."""
        decisions = [line.decision for line in lines]
        return cls(decisions.count(None), decisions.count("leave"))

    @property
    def sentence(self) -> str:
        """What holds the invoice, for staff; empty when nothing does."""
        if self.undecided:
            one = self.undecided == 1
            lines = "a line" if one else f"{self.undecided} lines"
            each = "it" if one else "each"
            return f"Stripe's draft holds {lines} we did not send. Decide what to do with {each}."
        if self.left:
            one = self.left == 1
            lines = "a line was" if one else f"{self.left} lines were"
            stays = "it stays" if one else "they stay"
            return (
                f"On hold: {lines} added at Stripe and left there. The invoice is not finalized "
                f"while {stays}. You can decide again."
            )
        return ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """`sentence` is for staff, `plainly` for customers.

    `equal_at` is the last moment at which both totals were compared and equal; None where they were
    not, whatever was agreed: a line that is not ours is no agreement.
    `added` are the lines at Stripe that are not ours; `held_by` says, for staff, that one of them
    keeps the invoice from being finalized, and is empty when none does. `is_unscheduled`: somebody
    switched Stripe's own schedule off.
    """

    state: State
    sentence: str
    plainly: str
    equal_at: datetime | None
    run: RunFacts | None
    added: tuple[AddedLine, ...]
    held_by: str
    is_unscheduled: bool = False


def status_of(invoice: Invoice) -> SyncStatus:
    """Return the status of `invoice`: two queries or three, whatever its size."""
    run = db.session.scalar(
        select(SyncRun).where(SyncRun.invoice_id == invoice.id).order_by(SyncRun.id.desc()).limit(1)
    )
    return status_from(invoice, run, added_lines_of(invoice.id))


def added_lines_of(invoice_id: int) -> Sequence[AddedLine]:
    """Return the lines at Stripe that are not ours."""
    return db.session.scalars(
        select(AddedLine)
        .where(AddedLine.invoice_id == invoice_id)
        .order_by(AddedLine.stripe_line_id)
    ).all()


def status_from(
    invoice: InvoiceFacts, run: RunFacts | None, added: Sequence[AddedLine]
) -> SyncStatus:
    """Return the status of an invoice with its newest run and its lines added at Stripe."""
    waiting = Waiting.of(added) if invoice.status not in FINALIZED else Waiting(0, 0)
    state = state_of(invoice, is_active=run is not None and run.state in ACTIVE, waiting=waiting)
    return SyncStatus(
        state,
        _SENTENCES[state](invoice, run, waiting),
        _plainly(state, invoice, run),
        _equal_at(invoice),
        run,
        tuple(added),
        waiting.sentence,
        not waiting.sentence and was_switched_off(invoice, invoice.period_end),
    )


def _equal_at(invoice: InvoiceFacts) -> datetime | None:
    """Return when the last sync left Stripe's total equal to what the ledger held."""
    is_equal = invoice.stripe_total_cents == invoice.synced_total_cents
    return invoice.last_synced_at if is_equal else None


def state_of(invoice: StateFacts, *, is_active: bool, waiting: Waiting) -> State:
    """Return the word; what needs a person comes before what mends itself."""
    facts: tuple[tuple[bool, State], ...] = (
        (invoice.parked_at is not None, "parked"),
        (invoice.billed_with == WAITS, "with_subscription"),
        (is_active, "syncing"),
        (waiting.undecided > 0, "differs"),
        (waiting.left > 0, "held"),
        (invoice.sync_failures > 0, "failed"),
        (invoice.last_synced_at is None and not invoice.is_dirty, "none"),
        (invoice.is_dirty or invoice.needs_verification, "pending"),
    )
    return next((state for holds, state in facts if holds), "in_sync")


def _on_hold(invoice: InvoiceFacts, _run: RunFacts | None, _waiting: Waiting) -> str:
    return invoice.parked_reason or "On hold until a person checks it."


def _syncing(_invoice: InvoiceFacts, run: RunFacts | None, _waiting: Waiting) -> str:
    if run is not None and is_held_back(run):
        return _said(run)
    if run is not None and is_tried_again(run):
        waits, at = run.state == "retrying", run.next_attempt_at
        tried = _times(run.attempts if waits else run.attempts - 1)
        following = "is in progress" if not waits else "follows in a moment"
        if waits and at is not None:
            following = f"is at {at:%H:%M:%S} UTC"
        return f"The sync was tried {tried}. {_said(run)} The next attempt {following}."
    if run is None or not run.calls_planned:
        return "A sync is in progress."
    # A call is counted before it is sent, so that none is ever made unseen.
    if run.calls_made > run.calls_planned:
        return f"A sync is in progress: {run.calls_made} calls sent."
    return f"A sync is in progress: {run.calls_made} of {run.calls_planned} calls sent."


def is_tried_again(run: RunFacts) -> bool:
    """Whether an attempt of it failed, and another is due or under way."""
    return run.state == "retrying" or (run.state in ACTIVE and run.error is not None)


def is_held_back(run: RunFacts) -> bool:
    """Whether it waits because all closings are held: nothing failed."""
    return run.state == "retrying" and run.error_code == CODE


def _times(number: int) -> str:
    return "once" if number < 2 else f"{number} times"


def _held(_invoice: InvoiceFacts, _run: RunFacts | None, waiting: Waiting) -> str:
    return waiting.sentence


def _said(run: RunFacts | None) -> str:
    """Return what went wrong as a sentence; Stripe's own words often end without a stop."""
    said = (run.error if run is not None else None) or "Stripe did not answer."
    return said if said.endswith(".") else f"{said}."


def _failed(_invoice: InvoiceFacts, run: RunFacts | None, _waiting: Waiting) -> str:
    return f"The last sync failed: {_said(run)} It is tried again automatically."


def _with_subscription(_invoice: InvoiceFacts, _run: RunFacts | None, _waiting: Waiting) -> str:
    return (
        "It waits for the subscription's next invoice, onto which its items go when Stripe makes "
        "it. Until then Stripe is told nothing of it."
    )


def _none(_invoice: InvoiceFacts, _run: RunFacts | None, _waiting: Waiting) -> str:
    return "There is nothing to send to Stripe yet."


def _pending(invoice: InvoiceFacts, _run: RunFacts | None, _waiting: Waiting) -> str:
    if invoice.needs_verification and not invoice.is_dirty:
        return "Stripe's draft may have been edited; the next sync compares every line."
    if invoice.last_synced_at is None:
        return "Waiting for the first sync."
    return "The ledger has changed since the last sync. The next sync sends the changes."


def _in_sync(invoice: InvoiceFacts, _run: RunFacts | None, _waiting: Waiting) -> str:
    if invoice.stripe_invoice_id is None:
        return NOTHING_BILLED
    if invoice.billed_with == CLAIMED:
        return "Our lines on the subscription's invoice equal the ledger."
    return "Stripe's invoice equals the ledger."


_SENTENCES = {
    "parked": _on_hold,
    "syncing": _syncing,
    "differs": _held,
    "held": _held,
    "failed": _failed,
    "with_subscription": _with_subscription,
    "none": _none,
    "pending": _pending,
    "in_sync": _in_sync,
}
_PLAINLY = {
    "parked": "Our billing team is checking this invoice. Nothing is charged until they finish.",
    "syncing": "Being brought up to date with Stripe now.",
    "differs": "Our billing team is comparing this invoice with Stripe.",
    "held": "Our billing team is comparing this invoice with Stripe.",
    "failed": "Stripe could not be reached. Your bill here is right, and we keep trying.",
    "with_subscription": (
        "Up to date here. It is billed together with your subscription's next invoice."
    ),
    "none": "Waiting for the first charge of this cycle.",
    "pending": "Up to date here. The next sync sends the latest changes to Stripe.",
    "in_sync": "Up to date with Stripe.",
}


def _plainly(state: State, invoice: InvoiceFacts, run: RunFacts | None) -> str:
    if state == "syncing" and run is not None and is_held_back(run):
        return "Your bill here is right. It is issued later."
    if state == "syncing" and run is not None and is_tried_again(run):
        return _PLAINLY["failed"]
    if state == "parked" and invoice.status in FINALIZED:
        return "Our billing team is checking this invoice."
    if state == "in_sync" and invoice.stripe_invoice_id is None:
        return "There is nothing to charge."
    return _PLAINLY[state]
