"""What becomes of a difference between Stripe's bill and the ledger: decided once, by a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.adjust import CORRECTED, add_adjustment
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.credit_room import NotCreditable, room_of, titled
from dashboard.billing.current import current_draft
from dashboard.billing.difference import BILLS, decisions_of, difference_of, settle_difference
from dashboard.billing.difference_models import DECISIONS, DifferenceDecision
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.reissue import PaidPart
from dashboard.billing.roll import roll_over
from dashboard.billing.waived import items_with_cycles
from dashboard.currencies import charge_step
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db
from dashboard.money import Money, round_charge
from dashboard.pricing.exact import major_text


class DifferenceKeyReused(Conflict):
    """The key stands for another decision."""

    code = "key_reused"


def decide_difference(  # noqa: PLR0913  what, how much was seen, why, which key: facts of one row
    invoice: Invoice,
    decision: str,
    *,
    seen_cents: int,
    reason: str,
    key: str,
    actor: Actor,
    now: datetime,
    paid_part: PaidPart = "refund",
) -> DifferenceDecision:
    """Credit the difference, carry it to the current invoice, or leave it; return the decision.

    The same `key` again is one. `seen_cents` is what Stripe billed too much as it was shown, below
    zero too little. Raises `Stale` where it is another by now, `Invalid` to leave it without a
    reason or to credit what was not billed, Busy while a note of the invoice is under way.
    """
    if decision not in DECISIONS:
        raise Invalid(
            f"{decision!r} is not a decision. Nothing was changed. Send credit, carry or leave.",
            field="decision",
        )
    if decision == "leave" and not reason.strip():
        raise Invalid(
            "To leave a difference needs a reason. Nothing was changed. Enter one; it is kept in "
            "the audit trail.",
            field="reason",
        )
    lock_invoice(invoice.id)
    lock_open({invoice.organization_id}, after=invoice.id)
    known = decision_by_key(invoice.organization_id, key)
    if known is not None:
        return _same(known, invoice, decision, seen_cents)
    check_decision(invoice, decision, seen_cents)
    why = reason.strip() or reason_for(invoice)
    made = DifferenceDecision(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        decision=decision,
        cents=seen_cents,
        reason=why,
        idempotency_key=key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
    )
    if decision == "carry":
        made.adjustment_id = _carry(invoice, seen_cents, why, actor, now).id
    elif decision == "credit":
        made.note_id = _credit(invoice, why, paid_part, actor, now).id
    db.session.add(made)
    db.session.flush()
    facts = {"cents": abs(seen_cents), "much": much(seen_cents)}
    if decision == "credit":
        write_entry("invoice.difference_credited", invoice, actor, facts, reason=why, now=now)
    elif decision == "carry":
        write_entry("invoice.difference_carried", invoice, actor, facts, reason=why, now=now)
    else:
        write_entry("invoice.difference_left", invoice, actor, facts, reason=why, now=now)
    settle_difference(invoice, now=now, actor=actor)
    return made


def note_of_difference(invoice: Invoice, reason: str, paid_part: PaidPart) -> WantedNote:
    """Return the note over what Stripe billed too much; raise NotCreditable.

    Also where it would take off less than that: the decision is on all of it.
    """
    room = room_of(invoice, items_with_cycles(invoice))
    missing = difference_of(invoice).cents - room.stray
    if not room.stray or missing >= charge_step(invoice.currency):
        raise NotCreditable(
            "Part of it was credited or refunded already. Nothing was changed. Credit the rest at "
            "Stripe, or carry it to the next bill."
        )
    back = room.paid_part(room.stray)
    refund = min(back, room.refundable) if paid_part == "refund" else 0
    outside = back if paid_part == "outside" else 0
    return WantedNote(
        {},
        refund_cents=refund,
        balance_cents=back - refund - outside,
        outside_cents=outside,
        memo=f"Corrects {invoice.called}, which billed more than was due.",
        reason=reason,
        stray_cents=room.stray,
    )


def carried_cents(invoice: Invoice, cents: int) -> int:
    """Return what the current invoice is charged for a difference, below zero is a credit."""
    return round_charge(-cents, invoice.currency)


def decision_by_key(organization_id: int, key: str) -> DifferenceDecision | None:
    """Return the decision that the organization has by `key`, if it does."""
    query = select(DifferenceDecision).where(
        DifferenceDecision.organization_id == organization_id,
        DifferenceDecision.idempotency_key == key,
    )
    return db.session.scalar(query)


def reason_for(invoice: Invoice) -> str:
    """Return the reason of a correction for which nobody typed one."""
    return f"Stripe billed {invoice.called} differently."


def much(cents: int) -> str:
    """Return which way a difference is."""
    return "too much" if cents > 0 else "too little"


def check_decision(invoice: Invoice, decision: str, seen_cents: int) -> None:
    """Raise `Stale` where as much is not left to decide on, `Invalid` where it is not decided so.

    Whether a credit note can take it off, `note_of_difference` says.
    """
    if invoice.status not in BILLS:
        raise Stale(
            f"{titled(invoice)} is {invoice.status}: nothing is left to correct on it. "
            "Nothing was changed. Reload the invoice."
        )
    left = difference_of(invoice).cents
    if left != seen_cents or not left:
        said = f"{major_text(Decimal(abs(left)), invoice.currency)} {much(left)}"
        raise Stale(
            f"What is left to decide on is now {said if left else 'nothing'}. Nothing was changed. "
            "Look at it and decide again."
        )
    if decision == "credit" and left < 0:
        raise Invalid(
            "Stripe billed too little, so there is nothing to credit. Nothing was changed. Carry "
            "it to the next bill, or leave it.",
            field="decision",
        )
    if decision == "carry" and not carried_cents(invoice, left):
        raise Invalid(
            "The difference is smaller than what can be charged. Nothing was changed. Leave it.",
            field="decision",
        )


def _carry(invoice: Invoice, cents: int, reason: str, actor: Actor, now: datetime) -> Adjustment:
    roll_over(invoice.organization, now=now)
    lock_open({invoice.organization_id}, after=invoice.id)
    return add_adjustment(
        current_draft(invoice.organization_id),
        Money(carried_cents(invoice, cents), invoice.currency),
        reason=reason,
        description=f"Correction of {invoice.called}",
        actor=actor,
        now=now,
        key=_key(invoice),
    )


def _credit(
    invoice: Invoice, reason: str, paid_part: PaidPart, actor: Actor, now: datetime
) -> CreditNote:
    wanted = note_of_difference(invoice, reason, paid_part)
    return plan_note(invoice, wanted, key=_key(invoice), actor=actor, now=now)


def _key(invoice: Invoice) -> str:
    return f"{CORRECTED}{invoice.id}:{len(decisions_of(invoice)) + 1}"


def _same(
    known: DifferenceDecision, invoice: Invoice, decision: str, cents: int
) -> DifferenceDecision:
    if (known.invoice_id, known.decision, known.cents) != (invoice.id, decision, cents):
        raise DifferenceKeyReused(
            f"The key {known.idempotency_key} was used for another decision. Nothing was changed. "
            "Use a new key."
        )
    return known
