"""Money in trouble, as the pages of a bill say it on top: the largest first, and two at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from dashboard.billing.lost_customer import is_declined
from dashboard.reading.charge import Charge
from dashboard.reading.earlier import EarlierInvoice

MOST = 2
Kind = Literal["confirm", "declined", "past_due"]


class PaymentAlarm(NamedTuple):
    """An invoice whose payment was declined or is to be confirmed, or that is past due.

    `next_at`: when Stripe tries again, None where nobody does. `is_off_portal`: its customer is
    gone, so the portal does not show it and no card is charged for it.
    """

    kind: Kind
    invoice: EarlierInvoice
    next_at: datetime | None
    is_off_portal: bool


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is said on top of a page; `hidden` payments in trouble are only counted.

    `expiring`: a card that ends before a charge that is known to come.
    """

    payments: Sequence[PaymentAlarm]
    hidden: int
    expiring: Charge | None

    def __bool__(self) -> bool:
        return bool(self.payments or self.hidden or self.expiring)


def alarms_of(
    earlier: Sequence[EarlierInvoice],
    charge: Charge,
    *,
    lost_at: datetime | None,
    now: datetime,
    room: int = MOST,
) -> Alarms:
    """Return the alarms of an organization; `room` is for how many of them."""
    payments = sorted(
        (one for invoice in earlier if (one := payment_alarm(invoice, lost_at=lost_at, now=now))),
        key=lambda one: -one.invoice.asked_cents,
    )
    shown = payments[:room]
    expiring = charge if charge.expires_before and len(shown) < room else None
    return Alarms(shown, len(payments) - len(shown), expiring)


def payment_alarm(
    invoice: EarlierInvoice, *, lost_at: datetime | None, now: datetime
) -> PaymentAlarm | None:
    """Return what is the matter with the payment of an invoice, None if nothing is."""
    shown = invoice.shown(now)
    if shown not in ("declined", "past_due", "confirm"):
        return None
    is_off_portal = invoice.is_off_portal(lost_at)
    next_at = invoice.next_payment_attempt_at
    is_tried = next_at is not None and next_at > now and not is_off_portal
    kind: Kind = "declined" if is_declined(invoice.payment_failure) else "past_due"
    kind = "confirm" if invoice.is_to_confirm else kind
    return PaymentAlarm(kind, invoice, next_at if is_tried else None, is_off_portal)
