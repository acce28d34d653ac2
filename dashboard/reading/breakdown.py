"""Usage of one cycle by day and by service, from the daily totals alone."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select

from dashboard.billing.models import BillingCycle
from dashboard.extensions import db
from dashboard.services.models import Service
from dashboard.usage.models import UsageTotal

MOST_SERVICES = 50


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What was used on one UTC day."""

    day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ServiceTotal:
    """What one service used; without a label it is usage that named no service."""

    label: str | None
    external_id: str | None
    quantity: Decimal


def usage_by_day(cycle_id: int, version_id: int) -> list[DayTotal]:
    """Return the days of a cycle on which a price version was used, in order."""
    return usage_of_cycle(cycle_id, version_id).get(version_id, [])


def usage_of_cycle(cycle_id: int, version_id: int | None = None) -> dict[int, list[DayTotal]]:
    """Return per price version the days with usage, in order; one query."""
    query = (
        select(UsageTotal.price_version_id, UsageTotal.day, func.sum(UsageTotal.quantity))
        .where(_of(cycle_id))
        .group_by(UsageTotal.price_version_id, UsageTotal.day)
        .order_by(UsageTotal.day)
    )
    if version_id is not None:
        query = query.where(UsageTotal.price_version_id == version_id)
    days: dict[int, list[DayTotal]] = {}
    for version, day, quantity in db.session.execute(query):
        days.setdefault(version, []).append(DayTotal(day, quantity))
    return days


def _of(cycle_id: int) -> ColumnElement[bool]:
    """Return the condition that totals are of this cycle; their index begins with whose it is."""
    owner = select(BillingCycle.organization_id).where(BillingCycle.id == cycle_id)
    return (UsageTotal.organization_id == owner.scalar_subquery()) & (
        UsageTotal.cycle_id == cycle_id
    )


def usage_by_service(cycle_id: int, version_id: int) -> list[ServiceTotal]:
    """Return what each service used of a price version in a cycle, the most first."""
    total = func.sum(UsageTotal.quantity)
    rows = db.session.execute(
        select(Service.label, Service.external_id, total)
        .select_from(UsageTotal)
        .outerjoin(Service, Service.id == UsageTotal.service_id)
        .where(_of(cycle_id), UsageTotal.price_version_id == version_id)
        .group_by(Service.id, Service.label, Service.external_id)
        .order_by(total.desc())
        .limit(MOST_SERVICES)
    )
    return [ServiceTotal(*row) for row in rows]
