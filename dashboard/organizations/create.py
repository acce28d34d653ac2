"""Create an organization, with its first cycle and the draft that its charges go to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cycle_rule import check_rule
from dashboard.billing.draft import open_first
from dashboard.billing.period import whole_second
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.organizations.currency import check_currency
from dashboard.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class NewOrganization:
    """Who is to be billed, and how.

    Without an anchor the cycles count from the present instant; without a word on their interval
    or zone they are months in UTC, and on collection, invoices are charged automatically.
    """

    slug: str
    name: str
    email: str
    currency: str
    collection_method: str | None = None
    days_until_due: int | None = None
    cycle_anchor_at: datetime | None = None
    cycle_interval: str | None = None
    cycle_zone: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """The organization that was asked for; of equal requests at once, one finds it new."""

    organization: Organization
    is_new: bool


class OrganizationExists(Conflict):
    """The slug or external id belongs to another organization."""

    code = "organization_exists"


def create_organization(wanted: NewOrganization, *, now: datetime, actor: Actor) -> Created:
    """Return the organization, created unless it exists with these very properties.

    Its first cycle is the one counted from the anchor that contains `now`. Raises
    OrganizationExists when the slug or external id is taken by one that differs, Invalid for a
    wrong collection or cycle.
    """
    _check(wanted)
    facts = asdict(wanted)
    facts["collection_method"] = wanted.collection_method or "charge_automatically"
    facts["cycle_interval"] = wanted.cycle_interval or "month"
    facts["cycle_zone"] = wanted.cycle_zone or "UTC"
    facts["cycle_anchor_at"] = whole_second(wanted.cycle_anchor_at or now)
    made: Organization | None = db.session.scalar(
        insert(Organization)
        .values(**facts, created_at=now)
        .on_conflict_do_nothing()
        .returning(Organization)
    )
    if made is None:
        return Created(_same(wanted), is_new=False)
    open_first(made, now=now)
    told = facts | {"cycle_anchor_at": facts["cycle_anchor_at"].isoformat()}
    write_entry("organization.created", made, actor, told, now=now)
    return Created(made, is_new=True)


def _check(wanted: NewOrganization) -> None:
    check_currency(wanted.currency)
    check_rule(wanted.cycle_interval or "month", wanted.cycle_zone or "UTC")
    by_invoice = wanted.collection_method == "send_invoice"
    if by_invoice != (wanted.days_until_due is not None):
        raise Invalid(
            "Only organizations that are sent invoices have days until due, and they need them. "
            "Nothing was created.",
            field="days_until_due",
        )


def _same(wanted: NewOrganization) -> Organization:
    """Return the organization that has the slug, if all that was asked for holds of it."""
    found = db.session.scalar(select(Organization).where(Organization.slug == wanted.slug))
    asked = {name: value for name, value in asdict(wanted).items() if value is not None}
    if wanted.cycle_anchor_at is not None:
        asked["cycle_anchor_at"] = whole_second(wanted.cycle_anchor_at)
    differs = [name for name, value in asked.items() if getattr(found, name, None) != value]
    if found is None or differs:
        raise OrganizationExists(
            f"An organization with the slug {wanted.slug} or its external id already exists and "
            f"differs in {', '.join(differs)}. Nothing was created or changed.",
        )
    return found
