"""Usage that was counted and is no longer billed, as it is told and shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from dashboard.extensions import db
from dashboard.paging import Page
from dashboard.services.models import Service
from dashboard.usage.models import UsageRecord, UsageTakenOff

SIZE = 50
# Its sender took it back (`usage.cancel`); the others are the codes that usage is refused with.
CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Tally:
    """So many records of a meter with so many units; what they change of the bill, if known."""

    records: int
    quantity: Decimal
    meter: str
    amount_cents: int | None = None


def taken_off_by(service: Service) -> Tally | None:
    """Return what the end of a metered service has taken off; None for a recurring one."""
    if service.price.meter is None:
        return None
    found = db.session.execute(
        select(func.count(), func.coalesce(func.sum(UsageRecord.quantity), Decimal(0)))
        .select_from(UsageTakenOff)
        .join(UsageTakenOff.record)
        .where(UsageTakenOff.service_id == service.id, UsageTakenOff.reason != CANCELED)
    ).one()
    return Tally(*found, service.price.meter)


class Owner(Protocol):
    """An organization, or a row of one."""

    @property
    def id(self) -> int: ...


def list_taken_off(organization: Owner, *, number: int = 1) -> Page[UsageTakenOff]:
    """Return a page of what was taken off, newest usage first, with records and services."""
    mine = UsageTakenOff.organization_id == organization.id
    total = db.session.scalar(select(func.count()).select_from(UsageTakenOff).where(mine))
    query = (
        select(UsageTakenOff)
        .join(UsageTakenOff.record)
        .options(
            contains_eager(UsageTakenOff.record),
            joinedload(UsageTakenOff.service).joinedload(Service.price),
        )
        .where(mine)
        .order_by(UsageTakenOff.recorded_at.desc(), UsageTakenOff.key)
    )
    rows = db.session.scalars(query.limit(SIZE).offset((number - 1) * SIZE)).all()
    return Page(rows, number, SIZE, total or 0)
