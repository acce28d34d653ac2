"""Take an issued invoice back and bill its items again, in one act that a worker carries out.

An unpaid one is voided at Stripe. What has a payment, in part or by other means, cannot be void:
there a credit note takes it back. What is billed again is what the ledger says today of the same
facts, on the current invoice (docs/decisions/reissue.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import func, select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.adjust import REISSUED
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.credit_room import CREDITABLE, NotCreditable, room_of, titled
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.notes import notes_before_payment
from dashboard.billing.reissue_end import end_with_void, facts_of
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.subscription import on_theirs
from dashboard.billing.under_way import check_still
from dashboard.billing.void_listing import void_case_of
from dashboard.billing.void_models import VoidCase
from dashboard.billing.waived import items_with_cycles
from dashboard.errors import Busy, Conflict, Invalid, Stale
from dashboard.extensions import db
from dashboard.pricing.exact import major_text

# Where the part goes that was paid.
PaidPart = Literal["refund", "balance", "outside"]
PAID_PARTS: tuple[PaidPart, ...] = ("refund", "balance", "outside")
Way = Literal["void", "credit"]
_NOUNS: dict[Way, str] = {"void": "void", "credit": "credit note"}


class NotReissuable(Conflict):
    """The invoice is in a state in which it cannot be taken back and billed again."""

    code = "not_reissuable"


class ReissueKeyReused(Conflict):
    """The key stands for another reissue."""

    code = "key_reused"


@dataclass(frozen=True, slots=True)
class Taking:
    """How an invoice is taken back, and how much of it, in minor units before tax.

    `note` is the credit note that does it; None where it is voided.
    """

    cents: int
    note: WantedNote | None = None

    @property
    def way(self) -> Way:
        """What is done at Stripe."""
        return "void" if self.note is None else "credit"


def taking_of(invoice: Invoice, paid_part: PaidPart = "refund", *, reason: str = "") -> Taking:
    """Return how `invoice` can be taken back as it stands.

    Raises what `taking_in_the_end` does, and Busy while something of it is under way.
    """
    taking = taking_in_the_end(invoice, paid_part, reason=reason)
    check_still(invoice)
    return taking


def taking_in_the_end(
    invoice: Invoice, paid_part: PaidPart = "refund", *, reason: str = ""
) -> Taking:
    """Return how it can be taken back, once what is under way has ended.

    Raises NotReissuable, and NotCreditable where a note would be wanted and is not possible.
    """
    if _of(invoice, "done") is not None:
        raise NotReissuable(
            f"{titled(invoice)} was taken back and billed again already. Nothing was "
            "changed. Add a charge or a credit to the current invoice instead."
        )
    if invoice.status not in CREDITABLE:
        raise NotReissuable(
            f"{titled(invoice)} is {invoice.status}: only an issued one that is not "
            "void can be taken back. Nothing was changed. "
            + ("Decide on its amount instead." if invoice.status == "void" else "Change it as is.")
        )
    # What a subscription bills on the same invoice is not ours to take back: no void there.
    if invoice.status == "paid" or on_theirs(invoice) or _has_payment(invoice):
        return _by_note(invoice, paid_part, reason)
    cents = _asked(invoice)
    if cents <= 0:
        raise NotReissuable(
            f"{titled(invoice)} asks for nothing, so there is nothing to take back. "
            "Nothing was changed."
        )
    return Taking(cents)


def _has_payment(invoice: Invoice) -> bool:
    query = select(InvoicePayment.id).where(
        InvoicePayment.invoice_id == invoice.id,
        InvoicePayment.is_paid,
        InvoicePayment.amount_paid_cents > 0,
    )
    return bool(invoice.amount_paid_cents) or db.session.scalar(query.limit(1)) is not None


def _asked(invoice: Invoice) -> int:
    """Return what the customer is asked for by now: the total at Stripe less its notes."""
    told = invoice.stripe_total_cents
    return (invoice.total_cents if told is None else told) - notes_before_payment(invoice)


def _by_note(invoice: Invoice, paid_part: PaidPart, reason: str) -> Taking:
    room = room_of(invoice, items_with_cycles(invoice), is_billed_anew=True)
    cents = room.most
    if not cents:
        raise NotReissuable(
            f"Nothing of {invoice.called} is left to take back: it billed nothing, or that is "
            "credited or refunded already. Nothing was changed."
        )
    back = room.paid_part(cents)
    refund = min(back, room.refundable) if paid_part == "refund" else 0
    outside = back if paid_part == "outside" else 0
    note = WantedNote(
        room.spread(cents),
        refund_cents=refund,
        balance_cents=back - refund - outside,
        outside_cents=outside,
        memo=f"Takes {invoice.called} back; what is owed is billed again.",
        reason=reason,
    )
    return Taking(cents, note)


def plan_reissue(  # noqa: PLR0913  what, how, seen, why, which key and who: facts of one row
    invoice: Invoice,
    *,
    seen_cents: int,
    reason: str,
    key: str,
    actor: Actor,
    now: datetime,
    paid_part: PaidPart = "refund",
    seen_way: Way | None = None,
) -> Reissue:
    """Return the reissue, planned; the same `key` again is one. A worker carries it out.

    One that was found void since it was shown is billed at once. Raises what `taking_of` does,
    `Stale` where another amount than `seen_cents` would be taken back, or in another way than was
    seen, `Invalid`, ReissueKeyReused.
    """
    if not reason.strip():
        raise Invalid(
            "A reissue needs a reason. Nothing was changed. Enter one; it is kept in the audit "
            "trail.",
            field="reason",
        )
    invoice = lock_invoice(invoice.id)
    known = reissue_by_key(invoice.organization_id, key)
    if known is not None:
        return _same(known, invoice, reason)
    case = _waiting_case(invoice)
    if case is not None:
        taking = Taking(case.asked_cents)
    else:
        taking = taking_of(invoice, paid_part, reason=reason)
    _check_seen(taking, seen_cents, seen_way, invoice)
    reissue = Reissue(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        way=taking.way,
        state="planned",
        stripe_invoice_id=str(invoice.stripe_invoice_id),
        taken_cents=taking.cents,
        note_id=_planned_note(invoice, taking, actor, now),
        reason=reason.strip(),
        idempotency_key=key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
    )
    db.session.add(reissue)
    db.session.flush()
    facts = facts_of(reissue)
    write_entry("reissue.planned", invoice, actor, facts, reason=reissue.reason, now=now)
    if case is not None:
        lock_open({invoice.organization_id}, after=invoice.id)
        end_with_void(invoice, case, now=now)
    return reissue


def _waiting_case(invoice: Invoice) -> VoidCase | None:
    """Return the case of an invoice that was voided since, which nobody has decided on."""
    case = void_case_of(invoice)
    if case is None or _of(invoice, "planned", "done") is not None:
        return None
    # Somebody may have decided while this one waited for the invoice.
    db.session.refresh(case)
    if case.waits and case.asked_cents <= 0:
        raise NotReissuable(
            f"{titled(invoice)} is void and asks for nothing. Nothing was changed. Decide on its "
            "amount instead."
        )
    return case if case.waits else None


def _check_seen(taking: Taking, seen_cents: int, seen_way: Way | None, invoice: Invoice) -> None:
    if seen_way not in (None, taking.way):
        raise Stale(
            f"{titled(invoice)} would be taken back by a {_NOUNS[taking.way]} by now. Nothing was "
            "changed. Look at it again."
        )
    if taking.cents != seen_cents:
        left = major_text(Decimal(taking.cents), invoice.currency)
        raise Stale(
            f"What would be taken back of {invoice.called} is now {left}. Nothing was changed. "
            "Look at it again."
        )


def _planned_note(invoice: Invoice, taking: Taking, actor: Actor, now: datetime) -> int | None:
    if taking.note is None:
        return None
    before = select(func.count()).where(Reissue.invoice_id == invoice.id)
    key = f"{REISSUED}{invoice.id}-{db.session.scalar(before)}"
    note = plan_note(invoice, taking.note, key=key, actor=actor, now=now, is_billed_anew=True)
    return note.id


def reissue_by_key(organization_id: int, key: str) -> Reissue | None:
    """Return the reissue that the organization made by `key`, if it did."""
    query = select(Reissue).where(
        Reissue.organization_id == organization_id, Reissue.idempotency_key == key
    )
    return db.session.scalar(query)


def reissues_of(invoice: Invoice) -> Sequence[Reissue]:
    """Return the reissues of an invoice, oldest first: refused ones, and one that stands."""
    query = select(Reissue).where(Reissue.invoice_id == invoice.id).order_by(Reissue.id)
    return db.session.scalars(query).all()


def is_planned(reissue_id: int) -> bool:
    """Whether a reissue is still to be carried out."""
    query = select(Reissue.id).where(Reissue.id == reissue_id, Reissue.state == "planned")
    return db.session.scalar(query) is not None


def can_be_reissued(invoice: Invoice) -> bool:
    """Whether the page offers it."""
    try:
        return taking_of(invoice).cents > 0
    except (NotReissuable, NotCreditable, Busy):
        return False


def _of(invoice: Invoice, *states: str) -> Reissue | None:
    query = select(Reissue).where(Reissue.invoice_id == invoice.id, Reissue.state.in_(states))
    return db.session.scalar(query.limit(1))


def _same(known: Reissue, invoice: Invoice, reason: str) -> Reissue:
    if (known.invoice_id, known.reason) != (invoice.id, reason.strip()):
        raise ReissueKeyReused(
            "This key was used for another reissue. Nothing was changed. Use a new one."
        )
    return known
