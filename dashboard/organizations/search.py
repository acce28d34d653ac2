"""Find organizations by what people have at hand: a name, an e-mail address, an id."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, or_, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import Page

PAGE_SIZE = 50


def search_organizations(
    text: str = "", *, page: int = 1, size: int = PAGE_SIZE
) -> Page[Organization]:
    """Return the organizations that match `text`, by name; all of them without a text.

    Names, slugs and addresses match anywhere; tags and ids (ours, the customer's or an invoice's
    at Stripe, an invoice number, an external id) only as a whole.
    """
    query = _matching(text.strip())
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Organization.name, Organization.id)
    rows = db.session.scalars(ordered.limit(size).offset((page - 1) * size)).all()
    return Page(rows, page, size, total)


def _matching(text: str) -> Select[Organization]:
    query = select(Organization)
    return query.where(or_(*_conditions(text))) if text else query


def _conditions(text: str) -> list[ColumnElement[bool]]:
    conditions = [
        Organization.name.icontains(text, autoescape=True),
        Organization.slug.contains(text.lower(), autoescape=True),
        Organization.email.icontains(text, autoescape=True),
        Organization.tags.contains([text]),
        Organization.external_id == text,
        Organization.stripe_customer_id == text,
        Organization.id.in_(
            select(Invoice.organization_id).where(
                or_(Invoice.stripe_invoice_id == text, Invoice.number == text)
            )
        ),
    ]
    if text.isdecimal() and len(text) < 19:
        conditions.append(Organization.id == int(text))
    return conditions
