"""What a new version of a price would do to the current invoices; nothing is locked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.billing.models import BillingCycle, Invoice
from dashboard.billing.period import Period
from dashboard.billing.recurring import Fee
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.versions import VersionWindow, windows_of
from dashboard.services.models import Service

# Each is rated twice, in half a millisecond; of more the first are told.
MOST_SERVICES = 5000
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class InvoiceChange:
    """What a current invoice comes to before and after, in cents."""

    slug: str
    name: str
    before_cents: int
    after_cents: int

    @property
    def cents(self) -> int:
        """How much more the invoice comes to, in minor units; below zero for less."""
        return self.after_cents - self.before_cents


@dataclass(frozen=True, slots=True)
class VersionPreview:
    """How many current invoices change, by how much in all, and those that change the most.

    `is_part`: more services have the price than were looked at.
    """

    invoices: int
    cents: int
    largest: Sequence[InvoiceChange]
    is_part: bool


class _Held(NamedTuple):
    """A service with the current invoice that it is billed on."""

    service: Service
    invoice: Invoice
    cycle: BillingCycle
    slug: str
    name: str

    def fees(self, windows: Iterable[VersionWindow]) -> int:
        """Return what the service owes in the cycle up to the invoice's end, in cents."""
        whole = Period(self.cycle.starts_at, self.cycle.ends_at)
        until = min(self.invoice.period_end, self.cycle.ends_at)
        return sum(
            Fee(self.service, self.cycle, version, window).until(until).amount_cents
            for version in windows
            if (window := whole.clip(Period(version.start, version.end))) is not None
        )


def preview_version(price: Price, version: PriceVersion) -> VersionPreview:
    """Return what `add_version` would do with `version`, which is not stored.

    Only fees move: usage is rated by the version in force when it is recorded, so what is counted
    already stays as it is.
    """
    if price.kind != "recurring":
        return VersionPreview(0, 0, (), is_part=False)
    if version not in price.versions:
        # Without telling the price of it: what is only looked at must not be stored.
        set_committed_value(version, "price", price)
    old = windows_of(price.versions)
    new = windows_of([*{*price.versions, version}])
    rows = _held(price, version.effective_at)
    changes: dict[int, InvoiceChange] = {}
    for held in rows[:MOST_SERVICES]:
        before = held.invoice.total_cents
        known = changes.get(held.invoice.id)
        after = (known.after_cents if known else before) + held.fees(new) - held.fees(old)
        changes[held.invoice.id] = InvoiceChange(held.slug, held.name, before, after)
    moved = [one for one in changes.values() if one.cents]
    return VersionPreview(
        len(moved),
        sum(one.cents for one in moved),
        sorted(moved, key=lambda one: (-abs(one.cents), one.name))[:MOST_SHOWN],
        is_part=len(rows) > MOST_SERVICES,
    )


def _held(price: Price, since: datetime) -> Sequence[_Held]:
    query = (
        select(Service, Invoice, BillingCycle, Organization.slug, Organization.name)
        .join(Invoice, Invoice.organization_id == Service.organization_id)
        .join(BillingCycle, BillingCycle.id == Invoice.cycle_id)
        .join(Organization, Organization.id == Service.organization_id)
        .where(
            Service.price_id == price.id,
            or_(Service.detached_at.is_(None), Service.detached_at > since),
            Invoice.status == "draft",
            Invoice.period_end > since,
        )
        .order_by(Service.id)
        .limit(MOST_SERVICES + 1)
        .options(selectinload(Service.changes))
    )
    return [_Held(*row) for row in db.session.execute(query)]
