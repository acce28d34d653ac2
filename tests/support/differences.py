"""Bills that Stripe made differently, told to the ledger."""

from typing import Any

from dashboard.billing.difference import difference_of, settle_difference
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.models import Invoice
from tests.factories import SUPPORT
from tests.support.void_cases import LATER


def bill_differently(invoice: Invoice, cents: int) -> None:
    """Let Stripe's invoice ask for `cents` more than the ledger, and hold it for that."""
    total = invoice.total_cents + cents
    invoice.stripe_total_cents = invoice.amount_due_cents = total
    invoice.amount_remaining_cents = total
    settle_difference(invoice, now=LATER)


def left(invoice: Invoice) -> int:
    """Return what is left to decide on."""
    return difference_of(invoice).cents


def decide_on(
    invoice: Invoice, decision: str, cents: int, *, key: str = "d", **others: Any
) -> DifferenceDecision:
    return decide_difference(
        invoice, decision, seen_cents=cents, key=key,
        **{"actor": SUPPORT, "now": LATER, "reason": "Agreed", **others},
    )  # fmt: skip
