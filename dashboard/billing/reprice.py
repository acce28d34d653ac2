"""A new version of a price reaches the open invoices of everybody who has it."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import lock_open
from dashboard.extensions import db
from dashboard.pricing.models import Price
from dashboard.services.models import Service


def reprice(price: Price, *, since: datetime, now: datetime) -> None:
    """Rate the fees of everybody's services on `price` anew for the cycles that `since` lies in.

    Usage needs nothing: it is rated by the version in force when it is recorded. One organization
    after the other, in the order of their ids, as all locks are taken.
    """
    if price.kind != "recurring":
        return
    query = (
        select(Service)
        .where(
            Service.price_id == price.id,
            or_(Service.detached_at.is_(None), Service.detached_at > since),
        )
        .order_by(Service.organization_id, Service.id)
        .options(joinedload(Service.price), selectinload(Service.changes))
    )
    services = db.session.scalars(query).all()
    for organization_id, theirs in groupby(services, key=lambda service: service.organization_id):
        rate_effects(list(theirs), lock_open({organization_id}), since=since, now=now)
