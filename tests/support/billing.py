"""A small bill to sync: rows written directly, for tests whose subject is not the ledger."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, select

from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.revision import touch
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction


def make_bill(slug: str = "acme", *, days_left: int = 10) -> Invoice:
    """Return the empty draft of a new organization whose cycle ends in so many days."""
    end = (utc_now() + timedelta(days=days_left)).replace(microsecond=0)
    start = end - timedelta(days=30)
    with transaction():
        organization = Organization(
            slug=slug,
            name=slug.title(),
            email=f"billing@{slug}.example",
            currency="usd",
            cycle_anchor_at=start,
            created_at=start,
        )
        db.session.add(organization)
        db.session.flush()
        cycle = BillingCycle(
            organization_id=organization.id, sequence=1, starts_at=start, ends_at=end
        )
        db.session.add(cycle)
        db.session.flush()
        invoice = Invoice(
            organization_id=organization.id,
            cycle_id=cycle.id,
            sequence=1,
            period_start=start,
            period_end=end,
            currency="usd",
            created_at=start,
        )
        db.session.add(invoice)
    return invoice


def put(invoice: Invoice, **cents_by_key: int) -> None:
    """Make items of these keys cost so much, as one committed change of the ledger."""
    with transaction():
        now = utc_now()
        items = {item.key: item for item in items_of(invoice)}
        for key, cents in cents_by_key.items():
            item = items.get(key) or _new_item(invoice, key, now)
            item.amount_cents = cents
            item.revision = invoice.revision + 1
        touch(invoice, now=now)


def drop(invoice: Invoice, *keys: str) -> None:
    """Take items off the bill, as one committed change of the ledger."""
    with transaction():
        db.session.execute(
            delete(InvoiceItem).where(
                InvoiceItem.invoice_id == invoice.id, InvoiceItem.key.in_(keys)
            )
        )
        touch(invoice, now=utc_now())


def items_of(invoice: Invoice) -> list[InvoiceItem]:
    """Return the items of the bill."""
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    return list(db.session.scalars(query.order_by(InvoiceItem.id)))


def _new_item(invoice: Invoice, key: str, now: datetime) -> InvoiceItem:
    item = InvoiceItem(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        kind="adjustment",
        key=key,
        cycle_id=invoice.cycle_id,
        description=f"Item {key}",
        quantity=Decimal(1),
        period_start=datetime(2026, 1, 1, tzinfo=UTC),
        period_end=datetime(2026, 2, 1, tzinfo=UTC),
        created_at=now,
        updated_at=now,
    )
    db.session.add(item)
    return item
