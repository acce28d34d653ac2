"""Bills that Stripe made differently, told to the ledger."""

from typing import Any

from dashboard.billing.corrections import keep_correction
from dashboard.billing.difference import difference_of, settle_difference
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection
from dashboard.invariants.look import look_at
from tests.factories import SUPPORT
from tests.support.void_cases import LATER


def bill_differently(invoice: Invoice, cents: int) -> None:
    """Let Stripe's invoice ask for `cents` more than the ledger, and hold it for that."""
    total = invoice.total_cents + cents
    invoice.stripe_invoice_id = invoice.stripe_invoice_id or f"in_{invoice.id}"
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


def note_at_stripe(invoice: Invoice, cents: int, stripe_id: str = "cn_theirs") -> None:
    """Let somebody make a credit note in Stripe's dashboard, and hear of it."""
    note = RemoteCorrection(
        kind="credit_note", id=stripe_id, status="issued", amount_cents=cents, reason=None,
        made_at=LATER, pre_payment_cents=cents,
    )  # fmt: skip
    keep_correction(invoice, note)
    settle_difference(invoice, now=LATER)


def broken(invoice: Invoice, *names: str) -> list[str]:
    """Return which invariants do not hold of its organization, of those asked for or of all."""
    db.session.flush()
    found = [one.invariant.name for one in look_at([invoice.organization_id], now=LATER)]
    return [name for name in found if not names or name in names]
