"""What a refund would do, worked out here, and whether Stripe knows of the same refunds before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.billing.notes import UNDONE
from dashboard.billing.refund_room import PaymentRoom, RefundRoom
from dashboard.billing.refunds import WantedRefund
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.protocol import Gateway


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """One refund and what is left after it, in minor units; or why Stripe could not be asked.

    `refunded_there` is what Stripe says went back to the payment before.
    """

    payment: PaymentRoom
    cents: int
    refunded_there: int | None
    why_not: str = ""

    @property
    def agrees(self) -> bool:
        """Whether Stripe knows of as much as is known here."""
        return self.refunded_there == self.payment.refunded_cents

    @property
    def left_after(self) -> int:
        """What of the payment can still be refunded then."""
        return self.payment.left_cents - self.cents


def preview_refund(
    wanted: WantedRefund,
    room: RefundRoom,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
) -> RefundPreview:
    """Ask Stripe what was refunded of the payment; a read, and no transaction is open during it.

    Only for what fits (`check_refund`).
    """
    payment = next(one for one in room.refundable if one.id == wanted.payment)
    checkpoint()
    try:
        found = gateway.refunds(str(payment.paid_by))
    except GatewayError as error:
        return RefundPreview(payment, wanted.amount_cents, None, error.message)
    there = sum(one.amount_cents for one in found if one.status not in UNDONE)
    return RefundPreview(payment, wanted.amount_cents, there)
