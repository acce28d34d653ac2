"""What the billing pages read: invoices with their items, in a fixed number of queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Select, and_, case, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.billing.models import Adjustment, Invoice, InvoiceItem
from dashboard.billing.void_listing import WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.organizations.models import Organization
from dashboard.paging import NEWEST_FIRST, Asked, Stretch
from dashboard.pricing.models import PriceVersion

RECENT = 12
PAST = 36
# How often a bill that keeps moving is read again for one answer.
GLANCES = 5
UNFINISHED = ("closing", "sealed", "open", "uncollectible")

KIND_ORDER = case({"recurring": 0, "metered": 1, "adjustment": 2}, value=InvoiceItem.kind, else_=3)


def invoice_by_sequence(organization: Organization, sequence: int) -> Invoice:
    """Return one invoice of the organization with its cycle; raise `NotFound`."""
    found = db.session.scalar(
        select(Invoice)
        .options(joinedload(Invoice.cycle))
        .where(Invoice.organization_id == organization.id, Invoice.sequence == sequence)
    )
    if found is None:
        raise NotFound(f"{organization.name} has no invoice {sequence}.")
    return found


def invoice_by_id(organization: Organization, invoice_id: int) -> Invoice:
    """Return one invoice of the organization by its row id; raise `NotFound`."""
    found = db.session.get(Invoice, invoice_id)
    if found is None or found.organization_id != organization.id:
        raise NotFound(f"{organization.name} has no such invoice.")
    return found


def invoice_by_stripe_id(stripe_id: str) -> Invoice | None:
    """Return the invoice that Stripe calls so, with its organization."""
    return db.session.scalar(
        select(Invoice)
        .options(joinedload(Invoice.organization))
        .where(Invoice.stripe_invoice_id == stripe_id)
    )


def finished_of(organization: Organization, asked: Asked = NEWEST_FIRST) -> Stretch[Invoice]:
    """Return some of the invoices that are no longer the current one."""
    query = select(Invoice).where(
        Invoice.organization_id == organization.id, Invoice.status != "draft"
    )
    return read_log(query, Invoice.id, asked, size=PAST)


def items_of_total(invoice: Invoice) -> Sequence[InvoiceItem]:
    """Return the items, and read the invoice again where its total is not theirs any more.

    For who only looks: usage may be counted after the invoice was read and before its items are.
    """
    items = items_of(invoice)
    for _ in range(GLANCES):
        if sum(item.billed_cents for item in items) == invoice.total_cents:
            break
        for one in (invoice, *items):
            db.session.expire(one)
        items = items_of(invoice)
    return items


def items_of(invoice: Invoice) -> Sequence[InvoiceItem]:
    """Return the items with price and service: fees first, then usage, adjustments, carry-overs."""
    return db.session.scalars(
        _items().where(InvoiceItem.invoice_id == invoice.id)
        .order_by(KIND_ORDER, InvoiceItem.description, InvoiceItem.id)
    ).all()  # fmt: skip


def item_of(invoice: Invoice, item_id: int) -> InvoiceItem:
    """Return one item of the invoice; raise `NotFound`."""
    found = db.session.scalar(
        _items().where(InvoiceItem.invoice_id == invoice.id, InvoiceItem.id == item_id)
    )
    if found is None:
        raise NotFound(
            f"Invoice {invoice.sequence} has no item {item_id}. It may have been removed."
        )
    return found


def adjustments_of(organization: Organization, asked: Asked = NEWEST_FIRST) -> Stretch[Adjustment]:
    """Return some of the organization's charges and credits."""
    query = select(Adjustment).where(Adjustment.organization_id == organization.id)
    return read_log(query, Adjustment.id, asked, size=PAST)


def unfinished_of(organization: Organization) -> Sequence[tuple[Invoice, VoidCase | None]]:
    """Return the invoices that still need something, void ones that nobody decided on with theirs.

    Closing, sealed, open and uncollectible ones do.
    """
    rows = db.session.execute(
        select(Invoice, VoidCase)
        .outerjoin(VoidCase, VoidCase.invoice_id == Invoice.id)
        .where(
            Invoice.organization_id == organization.id,
            or_(Invoice.status.in_(UNFINISHED), and_(*WAITS)),
        )
        .order_by(Invoice.sequence.desc())
        .limit(RECENT)
    )
    return [(invoice, case) for invoice, case in rows]


class Settled(Protocol):
    """An invoice, as far as its shown status depends on it."""

    @property
    def status(self) -> str: ...
    @property
    def stripe_invoice_id(self) -> str | None: ...
    @property
    def total_cents(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def payment_failure(self) -> str | None: ...


def shown_status(invoice: Settled, now: datetime) -> str:
    """Return the status people read: Stripe's five, ours before them, late, declined, and empty.

    An invoice that billed nothing ended without Stripe; nobody paid it.
    """
    if invoice.status == "paid" and not invoice.stripe_invoice_id and not invoice.total_cents:
        return "empty"
    if invoice.status != "open":
        return invoice.status
    if invoice.due_at is not None and invoice.due_at < now:
        return "past_due"
    if invoice.payment_failure == NOBODY_CHARGES:
        return "past_due"
    return "open" if invoice.payment_failure is None else "declined"


def _items() -> Select[InvoiceItem]:
    return (
        select(InvoiceItem)
        .outerjoin(InvoiceItem.price_version)
        .outerjoin(PriceVersion.price)
        .options(
            contains_eager(InvoiceItem.price_version).contains_eager(PriceVersion.price),
            joinedload(InvoiceItem.service),
        )
    )
