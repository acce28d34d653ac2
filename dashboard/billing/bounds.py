"""What a fee may come to: checked when it is agreed, so that no later cycle fails to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from dashboard.extensions import db
from dashboard.pricing.charge import charge
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.rating import MAX_CENTS, AmountTooLarge
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import windows_of
from dashboard.services.models import Service, ServiceChange


def check_fees(versions: Sequence[PriceVersion], quantity: Decimal, *, since: datetime) -> None:
    """Raise AmountTooLarge if so many cost more than a line holds under a version from `since` on.

    A part of a cycle costs its share, so what holds for whole cycles holds for every line.
    """
    check_quantities(
        [window.terms for window in windows_of(versions) if window.end > since], [quantity]
    )


def check_quantities(terms: Iterable[Terms], quantities: Iterable[Decimal]) -> None:
    """Raise AmountTooLarge if a whole cycle of one of these costs more than a line holds."""
    counts = list(quantities)
    for one in terms:
        for quantity in counts:
            fee = charge(one, quantity).amount
            if fee > MAX_CENTS:
                raise AmountTooLarge(
                    f"{quantity.normalize():f} for a whole cycle would cost {int(fee)} minor "
                    f"units; a line can be at most {MAX_CENTS}. Nothing was changed. Check the "
                    "quantity and the unit amount.",
                    field="quantity",
                )


def quantities_held(price: Price, *, since: datetime) -> Sequence[Decimal]:
    """Return the quantities in which services have the price at `since` or later."""
    later = aliased(ServiceChange)
    is_over = exists().where(
        later.service_id == ServiceChange.service_id,
        later.effective_at > ServiceChange.effective_at,
        later.effective_at <= since,
    )
    query = (
        select(ServiceChange.quantity)
        .join(ServiceChange.service)
        .where(
            Service.price_id == price.id,
            or_(Service.detached_at.is_(None), Service.detached_at > since),
            ~is_over,
        )
        .distinct()
    )
    return db.session.scalars(query).all()
