"""Find organizations by what people have at hand: a name, an e-mail address, an id."""

from __future__ import annotations

from functools import cache

from sqlalchemy import BigInteger, ColumnElement, String, any_, func, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.selectable import NamedFromClause

from dashboard.accounts.models import Membership, User
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.ids import read_id
from dashboard.organizations.models import Organization
from dashboard.paging import Page, Place
from dashboard.statement import Statement, parameter

PAGE_SIZE = 50
_found = Organization.__table__.alias("found")
_owner = Organization.__table__.alias("owner")


def search_organizations(
    text: str = "", *, page: int = 1, size: int = PAGE_SIZE, after: Place | None = None
) -> Page[Organization]:
    """Return the organizations that match `text`, by name; all of them without a text.

    Names, slugs and addresses match anywhere; members' addresses, tags and ids (ours, the
    customer's or an invoice's at Stripe, an invoice number, an external id) only as a whole.
    `after` a place costs the same anywhere in the list; a page further on costs a little more for
    each page before it.
    """
    # Statements go past the session, which may hold what is searched for.
    db.session.flush()
    text = text.strip()
    wanted: dict[str, object] = asked(text) | {"number": read_id(text) or 0} if text else {}
    count, rows = _statements(bool(text), after is not None)
    total = count.rows(**wanted)[0][0]
    wanted |= after._asdict() if after else {}
    found = rows.rows(**wanted, size=size, skipped=(page - 1) * size)
    query = select(Organization).where(Organization.id.in_([one for (one,) in found]))
    ordered = query.order_by(Organization.name, Organization.id)
    return Page(db.session.scalars(ordered).all(), page, size, total)


def asked(text: str) -> dict[str, object]:
    """Return what `says` wants to know of a text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"text": text, "part": f"%{escaped}%", "number": 0}


def says(organization: NamedFromClause) -> ColumnElement[bool]:
    """Return the condition that an organization matches a text.

    What is found as a whole is looked up first, once; the rest is asked along the index that holds
    names, slugs and addresses in the order of the list, so a text that many match ends early.
    """
    whole, part = parameter("text", String), parameter("part", String)
    named = union_all(
        select(_owner.c.id).where(_owner.c.external_id == whole),
        select(_owner.c.id).where(_owner.c.stripe_customer_id == whole),
        select(_owner.c.id).where(_owner.c.tags.contains(array([whole]))),
        select(Invoice.organization_id).where(Invoice.stripe_invoice_id == whole),
        select(Invoice.organization_id).where(Invoice.number == whole),
        select(Membership.organization_id)
        .join(User, User.id == Membership.user_id)
        .where(User.email == func.lower(whole)),
    )
    return or_(
        func.lower(organization.c.name).like(func.lower(part)),
        organization.c.slug.like(func.lower(part)),
        func.lower(organization.c.email).like(func.lower(part)),
        organization.c.id == parameter("number", BigInteger),
        organization.c.id == any_(func.array(named.scalar_subquery())),
    )


def _after(organization: NamedFromClause) -> ColumnElement[bool]:
    here = tuple_(organization.c.name, organization.c.id)
    return here > tuple_(parameter("value", String), parameter("id", BigInteger))


@cache
def _statements(has_text: bool, has_place: bool) -> tuple[Statement, Statement]:
    conditions = [says(_found)] if has_text else []
    count = select(func.count()).select_from(_found).where(*conditions)
    if has_place:
        conditions.append(_after(_found))
    rows = (
        select(_found.c.id)
        .where(*conditions)
        .order_by(_found.c.name, _found.c.id)
        .limit(parameter("size", BigInteger))
        .offset(parameter("skipped", BigInteger))
    )
    return Statement(count), Statement(rows)
