"""The organizations a reader belongs to."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from dashboard.extensions import db
from dashboard.organizations.models import Organization


def organizations_of(slugs: Collection[str]) -> Sequence[Organization]:
    """Return the organizations with these slugs, by name."""
    query = select(Organization).where(Organization.slug.in_(slugs)).order_by(Organization.name)
    return db.session.scalars(query).all()
