"""A customer's own organizations, as the sidebar names them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import String, func, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.statement import any_of


class OwnOrganization(NamedTuple):
    """An organization; `needs` is how many of its invoices the customer has to see to."""

    slug: str
    name: str
    needs: int


def read_own(slugs: Collection[str]) -> list[OwnOrganization]:
    """Return the organizations with these slugs: one statement."""
    unpaid = (
        select(func.count())
        .where(
            Invoice.organization_id == Organization.id,
            Invoice.status == "open",
            Invoice.payment_failure.is_not(None),
        )
        .correlate(Organization)
        .scalar_subquery()
    )
    query = select(Organization.slug, Organization.name, unpaid)
    rows = db.session.execute(query.where(Organization.slug == any_of(slugs, String)))
    return [OwnOrganization(*row) for row in rows]
