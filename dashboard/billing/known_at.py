"""What the fees of a cycle were at an instant in it, from what was attached by then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from dashboard.billing.models import BillingCycle
from dashboard.billing.recurring import Fee, fees
from dashboard.extensions import db
from dashboard.services.models import Service
from dashboard.services.segments import segments


class Known(NamedTuple):
    """What a service was to cost, in minor units, and how many of it there were."""

    cents: int = 0
    quantity: Decimal = Decimal(0)


def fees_known_at(service_ids: Collection[int], cycle_id: int, at: datetime) -> dict[int, Known]:
    """Return what each service was to cost in the whole cycle, as it stood at `at`.

    What was attached by then was to stay to the end. Five queries, none without services.
    """
    if not service_ids:
        return {}
    cycle = db.session.get_one(BillingCycle, cycle_id)
    services = db.session.scalars(
        select(Service)
        .where(Service.organization_id == cycle.organization_id, Service.id.in_(service_ids))
        .options(joinedload(Service.price), selectinload(Service.changes))
    ).all()
    found = dict.fromkeys(service_ids, Known())
    for fee in fees(services, [cycle]):
        before, known = found[fee.service.id], _known(fee, at)
        found[fee.service.id] = Known(before.cents + known.cents, known.quantity)
    return found


def _known(fee: Fee, at: datetime) -> Known:
    service, window = fee.service, fee.window
    known = [change for change in service.changes if change.effective_at <= at]
    ended = service.detached_at
    detached_at = ended if ended is not None and ended <= at else None
    held = segments(known, detached_at, window.start, window.end)
    cents = fee.rate(held).amount_cents
    return Known(cents, held[-1].quantity if held else Decimal(0))
