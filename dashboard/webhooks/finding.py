"""What of ours an event is about, locked: held by its batch, or looked up by an event alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select

from dashboard.billing.identity import find_invoice
from dashboard.billing.locks import for_change, lock_invoices
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.held import Aside

ISSUED = ("sealed", *FINALIZED)


def our_invoice(delivery: Delivery) -> Invoice | None:
    """Return our invoice for the one that the event tells of; None for a stranger's."""
    if delivery.held is not None:
        return delivery.held.invoice(delivery.invoice)
    return find_invoice(delivery.invoice)


def invoice_called(stripe_invoice_id: str, delivery: Delivery) -> Invoice | None:
    """Return our invoice that Stripe calls so, whatever it claims to be."""
    if delivery.held is not None:
        return delivery.held.called(stripe_invoice_id)
    query = select(Invoice).where(Invoice.stripe_invoice_id == stripe_invoice_id)
    return db.session.scalar(for_change(query, of=Invoice))


def is_known(delivery: Delivery) -> bool:
    """Whether an invoice of ours is called as the event's; locks nothing."""
    stripe_id = delivery.invoice.id
    if delivery.held is not None:
        return delivery.held.called(stripe_id) is not None
    return db.session.scalar(select(1).where(Invoice.stripe_invoice_id == stripe_id)) is not None


def find_issued(stripe_invoice_id: str, delivery: Delivery) -> Invoice | None:
    """Return our invoice that Stripe calls so, once it was issued."""
    if delivery.held is None:
        return next(iter(issued_as({stripe_invoice_id})), None)
    found = delivery.held.called(stripe_invoice_id)
    return None if found is None or found.status not in ISSUED else found


def issued_as(stripe_invoice_ids: Collection[str]) -> Sequence[Invoice]:
    """Return our invoices that Stripe calls so, locked, as far as they were issued."""
    query = select(Invoice.id).where(
        Invoice.stripe_invoice_id.in_(stripe_invoice_ids),
        Invoice.status.in_(ISSUED),
    )
    return lock_invoices(db.session.scalars(query).all())


def find_organization(customer_id: str | None, delivery: Delivery) -> Organization | None:
    """Return the organization behind a Stripe customer."""
    if customer_id is None:
        return None
    if delivery.held is not None:
        return delivery.held.organization(customer_id)
    return _locked(select(Organization).where(Organization.stripe_customer_id == customer_id))


def find_holder(card_id: str, delivery: Delivery) -> Organization | None:
    """Return the organization that a card is known of."""
    if delivery.held is not None:
        raise Aside(f"only the card {card_id} tells whose it was")
    return _locked(select(Organization).where(Organization.cards.has_key(card_id)))


def _locked(query: Select[Organization]) -> Organization | None:
    return db.session.scalar(for_change(query, of=Organization))
