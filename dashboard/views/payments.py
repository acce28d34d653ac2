"""The payment of an invoice as its page shows it to who reads it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from dashboard.billing.models import Invoice
from dashboard.billing.overview import shown_status
from dashboard.billing.payment_facts import payment_facts
from dashboard.billing.payment_state import PaymentState, payment_state
from dashboard.views.access import can, reader
from dashboard.views.payment_words import Said, Seen, said_of_payment

# States that a list shows in place of the status: Stripe calls each of them open or paid.
SHOWN = (
    "confirm", "partly_paid", "unpaid_again", "disputed", "charged_back", "refunded", "credited",
)  # fmt: skip


class PaymentTold(NamedTuple):
    """The state of a payment and what is said of it, None where the summary says it all."""

    state: PaymentState
    said: Said | None


def payment_told(invoice: Invoice, now: datetime) -> PaymentTold:
    """Return what the page of an invoice says of its payment to the reader."""
    facts = payment_facts(invoice)
    state = payment_state(facts, now)
    seen = Seen(
        state,
        facts,
        invoice.currency,
        now,
        pays=can("invoice.pay", invoice.organization.slug),
        has_page=invoice.hosted_invoice_url is not None,
    )
    said = said_of_payment(seen)
    # The bank's time for an answer, and where to give it, are told to staff by themselves.
    is_told = state.kind == "disputed" and reader().is_staff
    return PaymentTold(state, None if is_told else said)


def shown_of(invoice: Invoice, now: datetime) -> str:
    """Return the status that a list shows of an invoice."""
    kind = payment_state(payment_facts(invoice), now).kind
    return kind if kind in SHOWN else shown_status(invoice, now)
