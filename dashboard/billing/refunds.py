"""Give a paid invoice's money back outside a credit note: planned here, made at Stripe by a worker.

A refund takes nothing off the bill: its items, its total and what is owed stay, and nothing is
asked for again. It counts from what Stripe tells of it (`corrections`), be that the reply to our
call or an event; here stands who wanted it and why, so that it is made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select

from dashboard.audit.actor import STRIPE, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import RefundRoom, refund_room_of, text_of
from dashboard.billing.under_way import check_still
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection
from dashboard.ids import read_id
from dashboard.installation import this_installation
from dashboard.money import round_charge

Purpose = Literal["duplicate", "overpaid", "goodwill"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
# Of what was paid beyond what was owed; Stripe may have put that on the balance by itself.
SURPLUS: tuple[Purpose, ...] = ("duplicate", "overpaid")


class RefundKeyReused(Conflict):
    """The key stands for another refund."""

    code = "key_reused"


@dataclass(frozen=True, slots=True)
class WantedRefund:
    """What shall go back to which payment of an invoice, by Stripe's name of it, and why.

    In minor units of the invoice's currency.
    """

    payment: str
    amount_cents: int
    purpose: Purpose
    reason: str = ""


def plan_refund(
    invoice: Invoice, wanted: WantedRefund, *, key: str, actor: Actor, now: datetime
) -> Refund:
    """Return the refund, planned; the same `key` again is one. A worker makes it.

    Raises NotRefundable, Invalid for what does not fit, Busy while a note, a reissue or another
    refund of the invoice is under way, RefundKeyReused.
    """
    invoice = lock_invoice(invoice.id)
    known = refund_by_key(invoice.organization_id, key)
    if known is not None:
        return _same(known, invoice, wanted)
    check_still(invoice)
    room = refund_room_of(invoice)
    check_refund(wanted, room)
    paid_by = next(one.paid_by for one in room.refundable if one.id == wanted.payment)
    refund = Refund(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        state="planned",
        purpose=wanted.purpose,
        payment=wanted.payment,
        paid_by=str(paid_by),
        amount_cents=wanted.amount_cents,
        reason=wanted.reason.strip(),
        idempotency_key=key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
    )
    db.session.add(refund)
    db.session.flush()
    facts = facts_of(refund)
    write_entry("refund.planned", invoice, actor, facts, reason=refund.reason, now=now)
    return refund


def check_refund(wanted: WantedRefund, room: RefundRoom) -> None:
    """Raise `Invalid` where the refund does not fit into what is left."""
    currency, cents = room.currency, wanted.amount_cents
    if not wanted.reason.strip():
        raise Invalid(
            "A refund needs a reason. Nothing was changed. Enter one; it is kept in the audit "
            "trail.",
            field="reason",
        )
    _check_purpose(wanted, room)
    payment = next((one for one in room.payments if one.id == wanted.payment), None)
    if payment is None:
        raise Invalid(
            "That is no payment of this invoice. Nothing was changed. Choose one of those that "
            "paid it.",
            field="payment",
        )
    if payment.left_cents <= 0:
        raise Invalid(
            f"Nothing can go back to this payment. {payment.why_not} Nothing was changed.",
            field="payment",
        )
    if cents <= 0:
        raise Invalid(
            "A refund is above zero. Nothing was changed. Enter how much goes back.",
            field="amount",
        )
    if cents > payment.left_cents:
        raise Invalid(
            f"{text_of(payment.left_cents, currency)} of this payment can still be refunded, and "
            f"{text_of(cents, currency)} was asked for. Nothing was changed. Enter no more.",
            field="amount",
        )
    if round_charge(cents, currency) != cents:
        raise Invalid(
            f"{text_of(cents, currency)} cannot be given back in {currency.upper()}. Nothing was "
            f"changed. Enter {text_of(round_charge(cents, currency), currency)}, or another.",
            field="amount",
        )


def _check_purpose(wanted: WantedRefund, room: RefundRoom) -> None:
    if wanted.purpose not in PURPOSES:
        raise Invalid(
            "Say what the refund is for: a payment made twice, an overpayment, or goodwill. "
            "Nothing was changed.",
            field="purpose",
        )
    if room.overpaid_cents > 0 and wanted.purpose in SURPLUS:
        raise Invalid(
            f"{text_of(room.overpaid_cents, room.currency)} more than was owed is on the "
            "customer's balance, and a refund for that would return it twice. Nothing was "
            "changed. Take it off the balance at Stripe first, and refund it there; it is shown "
            "here.",
            field="purpose",
        )


def why_not_now(refund: Refund, invoice: Invoice) -> str | None:
    """Return why a planned refund does not fit any more, as a sentence; None where it does."""
    wanted = wanted_of(refund)
    try:
        check_refund(wanted, refund_room_of(invoice))
    except (Conflict, Invalid) as why:
        return why.message.replace(" Nothing was changed.", " Nothing was refunded.")
    return None


def refund_by_key(organization_id: int, key: str) -> Refund | None:
    """Return the refund that the organization made by `key`, if it did."""
    query = select(Refund).where(
        Refund.organization_id == organization_id, Refund.idempotency_key == key
    )
    return db.session.scalar(query)


def is_planned(refund_id: int) -> bool:
    """Whether a refund is still to be made."""
    query = select(Refund.id).where(Refund.id == refund_id, Refund.state == "planned")
    return db.session.scalar(query) is not None


def is_wanted(refund_id: int) -> bool:
    """Whether a refund is still to be made, and fits as the invoice stands by now."""
    if not is_planned(refund_id):
        return False
    refund = db.session.get_one(Refund, refund_id)
    db.session.refresh(refund.invoice)
    return why_not_now(refund, refund.invoice) is None


def follow_refund(invoice: Invoice, remote: RemoteCorrection, *, now: datetime) -> bool:
    """Let our refund be made, as Stripe tells of it; return whether that is news.

    The invoice's row must be locked. Safe to repeat, and of a refund made at Stripe nothing.
    """
    refund = _of(invoice, remote)
    if refund is None or refund.state == "made":
        return False
    refund.state, refund.stripe_id, refund.ended_at, refund.error = "made", remote.id, now, None
    facts = facts_of(refund) | {"status": remote.status}
    write_entry("refund.made", invoice, STRIPE, facts, now=now)
    return True


def refuse_refund(refund: Refund, why: str, *, now: datetime) -> None:
    """End a planned refund that cannot be made; nothing was given back."""
    refund.state, refund.ended_at, refund.error = "refused", now, why
    facts = facts_of(refund) | {"why": why}
    write_entry("refund.refused", refund.invoice, STRIPE, facts, now=now)


def facts_of(refund: Refund) -> dict[str, object]:
    """Return what is put on record of a refund with each act."""
    return {
        "refund_id": refund.id,
        "cents": refund.amount_cents,
        "currency": refund.invoice.currency,
        "purpose": refund.purpose,
        "payment": refund.payment,
        "stripe_id": refund.stripe_id,
    }


def wanted_of(refund: Refund) -> WantedRefund:
    """Return what was wanted of a refund."""
    purpose = next(one for one in PURPOSES if one == refund.purpose)
    return WantedRefund(refund.payment, refund.amount_cents, purpose, refund.reason)


def _of(invoice: Invoice, remote: RemoteCorrection) -> Refund | None:
    """Return our refund: by Stripe's id, or by what its metadata claims, as anybody may write."""
    mine = select(Refund).where(Refund.invoice_id == invoice.id)
    known = db.session.scalar(mine.where(Refund.stripe_id == remote.id))
    number = None if remote.refund is None else read_id(remote.refund)
    if known is not None or number is None:
        return known
    if remote.installation != this_installation().identity:
        return None
    claimed = mine.where(
        Refund.id == number,
        Refund.stripe_id.is_(None),
        Refund.amount_cents == remote.amount_cents,
        Refund.paid_by == remote.paid_by,
    )
    return db.session.scalar(claimed.execution_options(populate_existing=True))


def _same(known: Refund, invoice: Invoice, wanted: WantedRefund) -> Refund:
    asked = (invoice.id, wanted.payment, wanted.amount_cents, wanted.purpose)
    if (known.invoice_id, known.payment, known.amount_cents, known.purpose) != asked:
        raise RefundKeyReused(
            f"The key {known.idempotency_key} was used for another refund. Nothing was changed. "
            "Use a new key."
        )
    return known
