"""Payments that came by another way."""

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support.billing import make_bill


def other_bill_paid_by(bill: Invoice, intent: str) -> Invoice:
    """Return another bill that the same payment paid."""
    other = make_bill("other")
    with transaction():
        other.status, other.stripe_invoice_id = "sealed", "in_other"
        payment = InvoicePayment(
            organization_id=other.organization_id,
            invoice_id=other.id,
            stripe_id="inpay_other",
            paid_by=intent,
            amount_paid_cents=1,
            is_paid=True,
        )
        db.session.add(payment)
    return other
