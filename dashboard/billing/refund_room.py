"""How much of a paid invoice can still be refunded, payment by payment, and why no more.

A refund goes to what paid, and Stripe gives back no more than that paid. What credit notes returned
otherwise, what a bank asks back and what is on the balance as overpaid counts against it here, as
Stripe alone would give it back twice. Where it is not known for certain, nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.credit_room import titled
from dashboard.billing.models import Invoice
from dashboard.billing.notes import UNDONE, corrections_of
from dashboard.billing.refund_sums import GivenBack, given_back, is_asked_back
from dashboard.currencies import charge_step
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.pricing.exact import major_text


class NotRefundable(Conflict):
    """Nothing of the invoice can be refunded as it stands."""

    code = "not_refundable"


@dataclass(frozen=True, slots=True)
class PaymentRoom:
    """One payment of an invoice: what it paid, and what of that can still go back to it.

    `id` is Stripe's name of it, `paid_by` of what is refunded. In minor units. Where nothing is
    left, `why_not` says why.
    """

    id: str
    paid_by: str | None
    paid_cents: int
    refunded_cents: int
    left_cents: int
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RefundRoom:
    """What can still be refunded of one invoice, in minor units; all payments together `most`."""

    payments: tuple[PaymentRoom, ...]
    given: GivenBack
    paid_cents: int
    overpaid_cents: int
    most: int
    currency: str

    def left_of(self, payment_id: str) -> int:
        """Return what can go back to a payment; nothing to one that is not of the invoice."""
        return next((one.left_cents for one in self.payments if one.id == payment_id), 0)

    @property
    def refundable(self) -> list[PaymentRoom]:
        """The payments to which something can go back."""
        return [one for one in self.payments if one.left_cents > 0]


def refund_room_of(invoice: Invoice) -> RefundRoom:
    """Return what can still be refunded of `invoice`; raise `NotRefundable` where it is not paid.

    Reads; to act on it, lock the invoice first.
    """
    _check(invoice)
    rows = corrections_of(invoice)
    given = given_back(invoice, rows)
    paid, overpaid = invoice.amount_paid_cents or 0, invoice.overpaid_cents or 0
    kept = paid - overpaid - given.refunded - given.otherwise - given.disputed
    step = charge_step(invoice.currency)
    most = max(kept - kept % step, 0)
    payments = _payments_of(invoice)
    shared = _shared(payments)
    rooms = [_room(one, rows, given, shared) for one in payments]
    capped = tuple(_cap(one, most, step) for one in rooms)
    most = min(most, sum(one.left_cents for one in capped))
    return RefundRoom(capped, given, paid, overpaid, most, invoice.currency)


def _check(invoice: Invoice) -> None:
    if invoice.status != "paid":
        raise NotRefundable(
            f"{titled(invoice)} is {invoice.status}: only what a paid one got can be refunded. "
            "Nothing was changed. Issue a credit note, which lowers what is due."
        )
    if invoice.stripe_status not in (None, "paid"):
        raise NotRefundable(
            f"{titled(invoice)} was paid, and Stripe says by now that it is "
            f"{invoice.stripe_status}. Nothing was changed. Check at Stripe which payment was "
            "removed."
        )
    if invoice.parked_at is not None:
        raise NotRefundable(
            f"{titled(invoice)} is on hold: {invoice.parked_reason} Nothing was changed. Settle "
            "that first."
        )


def _room(
    payment: InvoicePayment, rows: Sequence[Correction], given: GivenBack, shared: Mapping[str, int]
) -> PaymentRoom:
    mine = [row for row in rows if row.paid_by in (None, payment.paid_by)]
    refunded = given.untold + sum(
        row.amount_cents for row in mine if row.kind == "refund" and row.status not in UNDONE
    )
    why = _why_not(payment, mine, shared)
    gone = refunded + sum(row.amount_cents for row in mine if row.is_returned)
    left = 0 if why else max(payment.amount_paid_cents - gone, 0)
    if not why and not left:
        why = "All of it went back already."
    paid = payment.amount_paid_cents
    return PaymentRoom(payment.stripe_id, payment.paid_by, paid, min(refunded, paid), left, why)


def _why_not(payment: InvoicePayment, mine: Sequence[Correction], shared: Mapping[str, int]) -> str:
    if payment.off_stripe:
        return "It was paid outside Stripe. Return it there yourself."
    if payment.paid_by is None:
        return "Stripe has not said what it was paid by. Refund it at Stripe; it is shown here."
    if payment.paid_by in shared:
        return (
            f"It paid {shared[payment.paid_by]} invoices, and a refund does not say of which it "
            "is. Issue a credit note instead."
        )
    if any(is_asked_back(row) for row in mine):
        return (
            "A bank asks it back, or took it back. A refund would return it twice. Settle that at "
            "Stripe first."
        )
    return ""


def _cap(room: PaymentRoom, most: int, step: int) -> PaymentRoom:
    """Return a payment's room within that of the invoice, in amounts that can be charged."""
    left = min(room.left_cents, most)
    left -= left % step
    why = room.why_not or ("" if left else "What is left of it went back otherwise.")
    return PaymentRoom(room.id, room.paid_by, room.paid_cents, room.refunded_cents, left, why)


def _payments_of(invoice: Invoice) -> Sequence[InvoicePayment]:
    query = select(InvoicePayment).where(
        InvoicePayment.invoice_id == invoice.id,
        InvoicePayment.is_paid,
        InvoicePayment.amount_paid_cents > 0,
    )
    return db.session.scalars(query.order_by(InvoicePayment.id)).all()


def _shared(payments: Sequence[InvoicePayment]) -> dict[str, int]:
    """Return how many invoices were paid by what paid this one, where it is more than one."""
    named = {one.paid_by for one in payments if one.paid_by is not None}
    number = func.count(InvoicePayment.invoice_id.distinct())
    query = (
        select(InvoicePayment.paid_by, number)
        .where(InvoicePayment.paid_by.in_(named))
        .group_by(InvoicePayment.paid_by)
        .having(number > 1)
    )
    return {str(paid_by): count for paid_by, count in db.session.execute(query)}


def text_of(cents: int, currency: str) -> str:
    """Return an amount as sentences have it."""
    return major_text(Decimal(cents), currency)
