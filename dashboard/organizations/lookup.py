"""Organizations as pages ask for them: by slug; and what is theirs, by its number."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, or_, select

from dashboard.errors import NotFound
from dashboard.extensions import Model, db
from dashboard.organizations.models import Organization

Row = TypeVar("Row", bound=Model)


def organizations_of(slugs: Collection[str]) -> Sequence[Organization]:
    """Return the organizations with these slugs, by name."""
    query = select(Organization).where(Organization.slug.in_(slugs)).order_by(Organization.name)
    return db.session.scalars(query).all()


def organizations_by_id(ids: Collection[int]) -> dict[int, Organization]:
    """Return the organizations with these row ids, by id."""
    found = db.session.scalars(select(Organization).where(Organization.id.in_(ids)))
    return {organization.id: organization for organization in found}


def organizations_by_email(address: str) -> Sequence[Organization]:
    """Return the organizations with this billing e-mail, however it was typed."""
    query = select(Organization).where(func.lower(Organization.email) == address.lower())
    return db.session.scalars(query.order_by(Organization.id)).all()


def organization_by_slug(slug: str) -> Organization:
    """Return the organization; raise `NotFound` when there is none of that name."""
    found = db.session.scalar(select(Organization).where(Organization.slug == slug))
    if found is None:
        raise unknown(slug)
    return found


def own_row(row: type[Row], organization: Organization, row_id: int, missing: str) -> Row:
    """Return a row of the organization's own; raise `NotFound`, saying that it is `missing`."""
    table: Any = row
    of_it = (table.id == row_id) & (table.organization_id == organization.id)
    found = db.session.scalar(select(row).where(of_it))
    if found is None:
        raise NotFound(missing)
    return found


def unknown(slug: str) -> NotFound:
    """Return the refusal of a name that no organization has."""
    return NotFound(f"There is no organization named {slug}. Search for it by name or id.")


def slug_of_id(text: str) -> str | None:
    """Return the slug of the organization whose slug, external id or Stripe id is exactly this."""
    return db.session.scalar(
        select(Organization.slug)
        .where(
            or_(
                Organization.slug == text,
                Organization.external_id == text,
                Organization.stripe_customer_id == text,
            )
        )
        .limit(1)
    )
