"""Refunds outside credit notes as the API speaks of them; amounts are minor units."""

from typing import Annotated, Literal

from pydantic import Field

from dashboard.api.schemas.types import Instant, Reason, Sent, Told
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import RefundRoom
from dashboard.billing.refunds import Purpose


class RefundIn(Sent):
    """Give money of a paid invoice back; the bill stays.

    `payment` is Stripe's name of the invoice's payment, as the preview has it; it may be left out
    where only one has something left.
    """

    amount_cents: Annotated[int, Field(gt=0)]
    purpose: Purpose
    reason: Reason
    payment: str | None = None
    key: str | None = None


class PaymentRoomOut(Told):
    """A payment of the invoice: what it paid, what went back, what is left, and why no more."""

    payment: str
    paid_by: str | None
    paid_cents: int
    refunded_cents: int
    left_cents: int
    why_not: str | None


class RefundRoomOut(Told):
    """What of an invoice can still be refunded, together and of each payment."""

    left_cents: int
    payments: list[PaymentRoomOut]

    @classmethod
    def of(cls, room: RefundRoom) -> "RefundRoomOut":
        """Read what is left."""
        payments = [
            PaymentRoomOut(
                payment=one.id,
                paid_by=one.paid_by,
                paid_cents=one.paid_cents,
                refunded_cents=one.refunded_cents,
                left_cents=one.left_cents,
                why_not=one.why_not or None,
            )
            for one in room.payments
        ]
        return cls(left_cents=room.most, payments=payments)


class RefundOut(Told):
    """A refund that was made here: planned, then made at Stripe or refused with its `error`.

    `status` is how far Stripe says a made one is: pending, requires_action, succeeded, failed or
    canceled. Of a failed one the customer got nothing.
    """

    id: int
    invoice: int
    state: Literal["planned", "made", "refused"]
    status: str | None
    amount_cents: int
    purpose: Purpose
    payment: str
    reason: str
    key: str
    created_at: Instant
    ended_at: Instant | None
    stripe_id: str | None
    error: str | None

    @classmethod
    def of(cls, refund: Refund, status: str | None) -> "RefundOut":
        """Return the refund as the API tells it."""
        own = ("id", "state", "amount_cents", "purpose", "payment", "reason", "created_at")
        told = ("ended_at", "stripe_id", "error")
        return cls(
            invoice=refund.invoice.sequence,
            status=status,
            key=refund.idempotency_key,
            **{name: getattr(refund, name) for name in (*own, *told)},
        )
