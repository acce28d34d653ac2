"""What an event is about, by Stripe's names, and where it belongs among others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.outcome import RANK
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.held import Aside


@dataclass(frozen=True, slots=True)
class Subject:
    """The names of the rows that the event's handler looks for; None where it needs none."""

    invoice: str | None = None
    payment: str | None = None
    customer: str | None = None

    @property
    def names(self) -> set[str | None]:
        """Stripe's ids of the rows that the event's handler needs locked."""
        return {self.invoice, self.customer}


def subject_of(delivery: Delivery) -> Subject:
    """Return what to hold for the event's handler. Raises `Aside` where a batch cannot."""
    family = delivery.type.rpartition(".")[0]
    if family == "invoice":
        return Subject(invoice=delivery.invoice.id)
    if family == "invoice_payment":
        return Subject(invoice=delivery.payment.stripe_invoice_id, payment=delivery.payment.id)
    if family == "customer":
        return Subject(customer=delivery.event.object_id)
    if family == "customer.subscription":
        # Few are of anybody here, and those go by themselves.
        return Subject()
    if family == "payment_method":
        return Subject(customer=_holder(delivery))
    raise Aside("it leads to its invoice by what is known of other events")


def place_of(delivery: Delivery) -> tuple[datetime, int, int]:
    """Return what sorts events as they happened: of one second, a bill's states by their rank."""
    is_bill = delivery.type.startswith("invoice.")
    rank = RANK.get(delivery.invoice.status, 0) if is_bill else 0
    return delivery.event.created_at, rank, delivery.event.id


def _holder(delivery: Delivery) -> str | None:
    card = delivery.gateway.card_of(delivery.remote)
    return card.was_of_id if delivery.type.endswith(".detached") else card.customer_id
