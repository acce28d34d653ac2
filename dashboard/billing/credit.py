"""Credit that an invoice below zero left behind: Stripe keeps it for later invoices."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db


def credit_before(invoice: Invoice) -> Invoice | None:
    """Return the newest earlier invoice whose credit may not be used up yet, None if none is.

    Issuing an invoice below zero puts its amount on the customer's balance at Stripe, and the
    invoices issued after it use that up before anything is due. How much is left only Stripe
    knows; something due on a later invoice shows that nothing was.
    """
    later = aliased(Invoice)
    used_up = exists().where(
        later.organization_id == Invoice.organization_id,
        later.sequence > Invoice.sequence,
        later.status.in_(FINALIZED),
        later.amount_due_cents > 0,
    )
    return db.session.scalar(
        select(Invoice)
        .where(
            Invoice.organization_id == invoice.organization_id,
            Invoice.sequence < invoice.sequence,
            Invoice.status == "paid",
            Invoice.total_cents < 0,
            ~used_up,
        )
        .order_by(Invoice.sequence.desc())
        .limit(1)
    )
