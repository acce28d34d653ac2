"""Whose events they are: by Stripe's names of the customer, its invoices and what pays them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, any_, func, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.webhooks.models import WebhookEvent


class Owner(NamedTuple):
    """An organization, and the invoice of it that an event is about, if it is about one."""

    slug: str
    name: str
    sequence: int | None
    number: str | None


def owners_of(events: Collection[WebhookEvent]) -> dict[str, Owner]:
    """Return the owners of what these events are about, by Stripe's names; one statement."""
    names = {event.about for event in events if event.about is not None}
    if not names:
        return {}
    of_invoices = (
        select(
            Invoice.stripe_invoice_id,
            Organization.slug,
            Organization.name,
            Invoice.sequence,
            Invoice.number,
        )
        .join(Organization, Organization.id == Invoice.organization_id)
        .where(Invoice.stripe_invoice_id.in_(names))
    )
    of_customers = select(
        Organization.stripe_customer_id, Organization.slug, Organization.name, null(), null()
    ).where(Organization.stripe_customer_id.in_(names))
    both: list[Any] = [of_invoices, of_customers]
    return {name: Owner(*owner) for name, *owner in db.session.execute(union_all(*both))}


def is_of(slug: str) -> ColumnElement[bool]:
    """Return the condition that an event's object is known to be an organization's."""
    own = select(Organization.id).where(Organization.slug == slug).scalar_subquery()
    invoices = select(Invoice.id).where(Invoice.organization_id == own)
    known: list[Any] = [
        select(Organization.stripe_customer_id).where(Organization.id == own),
        select(Invoice.stripe_invoice_id).where(Invoice.organization_id == own),
        _paying(InvoicePayment.stripe_id, invoices),
        _paying(InvoicePayment.paid_by, invoices),
    ]
    # Looked up first, once, by the index on the object: the list itself is read by id.
    theirs = select(_named.id).where(_named.object_id.in_(union_all(*known)))
    return WebhookEvent.id == any_(func.array(theirs.scalar_subquery()))


def _paying(name: InstrumentedAttribute[Any], invoices: Select[int]) -> Select[Any]:
    return select(name).where(InvoicePayment.invoice_id.in_(invoices))


_named = aliased(WebhookEvent)
