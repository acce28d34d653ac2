"""What one box finds: a few organizations, invoices and services, by what people have at hand.

Each kind is one statement along an index that holds it, with the few rows that are shown as its
end; a customer's are all within their own organizations.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Select,
    String,
    false,
    func,
    or_,
    select,
    union_all,
)

from dashboard.accounts.models import Membership, User
from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.organizations.search import asked, says
from dashboard.pricing.models import Price
from dashboard.services.models import Service
from dashboard.statement import Statement, any_of, parameter
from dashboard.sync.models import AddedLine, SyncedLine, SyncRun, SyncStep

FEW = 5
# Of those that belong to the organization that is found first.
FEWER = 2


class FoundOrganization(NamedTuple):
    """An organization with what it owes so far."""

    id: int
    slug: str
    name: str
    email: str
    total_cents: int | None
    currency: str


class FoundInvoice(NamedTuple):
    """An invoice and whose it is."""

    slug: str
    organization: str
    sequence: int
    number: str | None
    status: str
    total_cents: int
    currency: str
    period_start: datetime
    period_end: datetime


class FoundService(NamedTuple):
    """A service and whose it is; `is_attached` as long as it is billed."""

    slug: str
    organization: str
    external_id: str | None
    label: str
    price: str
    is_attached: bool


class FoundPerson(NamedTuple):
    """Somebody who signs in, with an organization that they are a member of, if of any."""

    id: int
    email: str
    name: str
    role: str
    is_active: bool
    slug: str | None
    organization: str | None
    member_role: str | None


def organizations_like(text: str) -> list[FoundOrganization]:
    """Return the first organizations, by name, that a text matches."""
    rows = _ORGANIZATIONS.rows(**asked(text), size=FEW)
    return [FoundOrganization(*row) for row in rows]


def organizations_among(slugs: Collection[str]) -> list[FoundOrganization]:
    """Return these organizations by name."""
    query = _shown(Organization).where(Organization.slug == any_of(slugs, String))
    rows = db.session.execute(query.order_by(Organization.name, Organization.id))
    return [FoundOrganization(*row) for row in rows]


def invoices_like(
    text: str, *, of: int | None, within: Collection[str] | None = None
) -> list[FoundInvoice]:
    """Return the invoice of that number, then the newest issued ones of the organization `of`."""
    numbers = Invoice.number.in_({text, text.upper()})
    # Each by its own index: with *or* all invoices were read.
    ids: Select[Any] | CompoundSelect[Any] = select(Invoice.id).where(numbers)
    if of is not None:
        newest = (
            select(Invoice.id)
            .where(Invoice.organization_id == of, Invoice.status != "draft")
            .order_by(Invoice.sequence.desc())
            .limit(FEWER)
        )
        ids = union_all(ids, select(newest.subquery()))
    query = _invoices().where(Invoice.id.in_(ids))
    if within is not None:
        query = query.where(Organization.slug == any_of(within, String))
    is_named = func.coalesce(numbers, false()).desc()
    rows = db.session.execute(query.order_by(is_named, Invoice.sequence.desc()).limit(FEW))
    return [FoundInvoice(*row) for row in rows]


def services_like(text: str, *, within: Collection[str] | None = None) -> list[FoundService]:
    """Return the services whose own name or label begins with a text, those attached first."""
    begins = or_(
        Service.external_id.startswith(text, autoescape=True),
        func.lower(Service.label).startswith(text.lower(), autoescape=True),
    )
    query = (
        select(
            Organization.slug,
            Organization.name,
            Service.external_id,
            Service.label,
            Price.name,
            Service.detached_at.is_(None),
        )
        .join(Organization, Organization.id == Service.organization_id)
        .join(Price, Price.id == Service.price_id)
        .where(begins)
    )
    if within is not None:
        query = query.where(Organization.slug == any_of(within, String))
    return [FoundService(*row) for row in db.session.execute(query.limit(FEW))]


def person_of(email: str) -> list[FoundPerson]:
    """Return who signs in with exactly this address: once for each of their organizations."""
    query = (
        select(
            User.id,
            User.email,
            User.name,
            User.role,
            User.is_active,
            Organization.slug,
            Organization.name,
            Membership.role,
        )
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Organization, Organization.id == Membership.organization_id)
        .where(User.email == email.lower())
        .order_by(Organization.name, Organization.id)
    )
    return [FoundPerson(*row) for row in db.session.execute(query.limit(FEW))]


def invoice_with_line(stripe_line_id: str) -> FoundInvoice | None:
    """Return the invoice that a line at Stripe is on, whether ours or added there."""
    ours = select(SyncedLine.invoice_id).where(SyncedLine.stripe_line_id == stripe_line_id)
    added = select(AddedLine.invoice_id).where(AddedLine.stripe_line_id == stripe_line_id)
    return _first(_invoices().where(Invoice.id.in_(ours.union(added))))


def invoice_followed_by(stripe_id: str) -> FoundInvoice | None:
    """Return the invoice that a credit note, refund or dispute followed."""
    of = select(Correction.invoice_id).where(Correction.stripe_id == stripe_id)
    return _first(_invoices().where(Invoice.id.in_(of)))


def invoice_of_request(stripe_request_id: str) -> FoundInvoice | None:
    """Return the invoice that a request to Stripe was about which no sync made."""
    of = select(SyncStep.invoice_id).where(
        SyncStep.stripe_request_id == stripe_request_id, SyncStep.run_id.is_(None)
    )
    return _first(_invoices().where(Invoice.id.in_(of)))


def invoice_of_number(number: str) -> FoundInvoice | None:
    """Return the one invoice of that number; None if there is none, or more than one."""
    found = invoices_like(number, of=None)
    return found[0] if len(found) == 1 else None


def run_of_request(stripe_request_id: str) -> tuple[str, int] | None:
    """Return the organization and the sync that made a request to Stripe."""
    query = (
        select(Organization.slug, SyncRun.id)
        .join(SyncRun, SyncRun.organization_id == Organization.id)
        .join(SyncStep, SyncStep.run_id == SyncRun.id)
        .where(SyncStep.stripe_request_id == stripe_request_id)
    )
    row = db.session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def _first(query: Select[*tuple[Any, ...]]) -> FoundInvoice | None:
    row = db.session.execute(query).first()
    return FoundInvoice(*row) if row else None


def _shown(organization: type[Organization]) -> Select[*tuple[Any, ...]]:
    draft = (Invoice.organization_id == organization.id) & (Invoice.status == "draft")
    return select(
        organization.id,
        organization.slug,
        organization.name,
        organization.email,
        Invoice.total_cents,
        organization.currency,
    ).outerjoin(Invoice, draft)


def _invoices() -> Select[*tuple[Any, ...]]:
    return select(
        Organization.slug,
        Organization.name,
        Invoice.sequence,
        Invoice.number,
        Invoice.status,
        Invoice.total_cents,
        Invoice.currency,
        Invoice.period_start,
        Invoice.period_end,
    ).join(Organization, Organization.id == Invoice.organization_id)


def _organizations() -> Statement:
    """Return how they are found: which ones first, along the index of names, then what is shown."""
    found = Organization.__table__.alias("found")
    draft, shown = Invoice.__table__.alias("draft"), Organization.__table__.alias("shown")
    part = (
        select(found.c.id)
        .where(says(found))
        .order_by(found.c.name, found.c.id)
        .limit(parameter("size", BigInteger))
        .subquery("part")
    )
    is_current = (draft.c.organization_id == shown.c.id) & (draft.c.status == "draft")
    columns = (shown.c.id, shown.c.slug, shown.c.name, shown.c.email)
    return Statement(
        select(*columns, draft.c.total_cents, shown.c.currency)
        .select_from(part.join(shown, shown.c.id == part.c.id).outerjoin(draft, is_current))
        .order_by(shown.c.name, shown.c.id)
    )


_ORGANIZATIONS = _organizations()
