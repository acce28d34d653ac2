"""Reissues in a test: planned by support, carried out by Stripe."""

from sqlalchemy import func, select

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.reissue import plan_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.credit_notes import hear
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER


def reissue(invoice: Invoice, cents: int = 2561, *, key: str = "r", **others) -> Reissue:
    return plan_reissue(
        invoice, seen_cents=cents, key=key, actor=SUPPORT, now=LATER,
        **{"reason": "Wrong end", **others},
    )  # fmt: skip


def lines(organization: Organization) -> dict[str, int]:
    """Return what the current invoice bills, by what its lines say."""
    invoice = current_invoice(organization)
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id).order_by(InvoiceItem.id)
    found = database.session.scalars(query.execution_options(populate_existing=True))
    return {item.description: item.amount_cents for item in found}


def in_all(organization: Organization) -> int:
    """Return what all invoices ask for that are not void, less what notes took off."""
    asked = func.sum(
        InvoiceItem.amount_cents - InvoiceItem.carried_cents - InvoiceItem.credited_cents
    )
    query = (
        select(asked)
        .join(Invoice)
        .where(Invoice.organization_id == organization.id, Invoice.status != "void")
    )
    return int(database.session.scalar(query) or 0)


def end(row: Reissue) -> None:
    """Let Stripe do what was asked, and tell of it."""
    if row.note is not None:
        hear(row.note)
    else:
        tell(row.invoice, "void", LATER)
