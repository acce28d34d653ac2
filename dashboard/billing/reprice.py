"""A new version of a price reaches the open invoices of everybody who has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from dashboard.billing.cause import Cause
from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import lock_open
from dashboard.extensions import db
from dashboard.pricing.models import Price
from dashboard.services.models import Service


def reprice(price: Price, cause: Cause, *, since: datetime) -> None:
    """Rate the fees of everybody's services on `price` anew for the cycles that `since` lies in.

    The price must be locked. Usage needs nothing: it is rated by the version in force when it is
    recorded. One organization after the other, in the order of their ids, as all locks are taken.
    """
    if price.kind != "recurring":
        return
    holders = _held(price, since).with_only_columns(Service.organization_id).distinct()
    for organization_id in db.session.scalars(holders.order_by(Service.organization_id)).all():
        locked = lock_open({organization_id})
        rate_effects(_services(price, organization_id, since), locked, cause, since=since)


def _services(price: Price, organization_id: int, since: datetime) -> Sequence[Service]:
    """Return what one organization has of the price, as it is now that its invoices are locked.

    Whoever we waited for may have changed a quantity or ended a service.
    """
    query = _held(price, since).where(Service.organization_id == organization_id)
    loaded = query.options(joinedload(Service.price), selectinload(Service.changes))
    fresh = loaded.execution_options(populate_existing=True)
    return db.session.scalars(fresh.order_by(Service.id)).all()


def _held(price: Price, since: datetime) -> Select[Service]:
    is_held = or_(Service.detached_at.is_(None), Service.detached_at > since)
    return select(Service).where(Service.price_id == price.id, is_held)
