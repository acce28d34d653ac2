"""What a fee may come to: checked when it is agreed, so that no later cycle fails to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.charge import charge
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.rating import MAX_CENTS, AmountTooLarge, whole_cycle
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import windows_of
from dashboard.services.models import Service, ServiceChange


def check_fees(
    versions: Sequence[PriceVersion], quantity: Decimal, *, since: datetime, times: int = 1
) -> None:
    """Raise AmountTooLarge if so many cost more than a line holds under a version from `since` on.

    A whole cycle asks for the fee so many `times`. A part of a cycle costs its share, so what holds
    for whole cycles holds for every line.
    """
    terms = [window.terms for window in windows_of(versions) if window.end > since]
    check_quantities(terms, [(quantity, times)])


def most_times(price: Price, intervals: Iterable[str]) -> int:
    """Return how many times at most a cycle of these intervals asks for a fee of `price`.

    Raises FeeDoesNotFit where it cannot be billed in one of them.
    """
    return max(whole_cycle(interval, 1, price).times for interval in intervals)


def check_quantities(terms: Iterable[Terms], held: Iterable[tuple[Decimal, int]]) -> None:
    """Raise AmountTooLarge if a whole cycle of one of these costs more than a line holds.

    `held` are quantities, and how many times the cycle they are billed in asks for the fee.
    """
    counts = list(held)
    for one in terms:
        for quantity, times in counts:
            fee = charge(one, quantity).amount * times
            if fee > MAX_CENTS:
                raise AmountTooLarge(
                    f"{quantity.normalize():f} for a whole cycle would cost {int(fee)} minor "
                    f"units; a line can be at most {MAX_CENTS}. Nothing was changed. Check the "
                    "quantity and the unit amount.",
                    field="quantity",
                )


def quantities_held(price: Price, *, since: datetime) -> Sequence[tuple[Decimal, int]]:
    """Return the quantities in which services have the price at `since` or later.

    Each with how many times a cycle of its organization asks for the fee; raise FeeDoesNotFit.
    """
    later = aliased(ServiceChange)
    is_over = exists().where(
        later.service_id == ServiceChange.service_id,
        later.effective_at > ServiceChange.effective_at,
        later.effective_at <= since,
    )
    query = (
        select(ServiceChange.quantity, Organization.cycle_interval)
        .join(ServiceChange.service)
        .join(Organization, Organization.id == Service.organization_id)
        .where(
            Service.price_id == price.id,
            or_(Service.detached_at.is_(None), Service.detached_at > since),
            ~is_over,
        )
        .distinct()
    )
    return [
        (quantity, most_times(price, [interval]))
        for quantity, interval in db.session.execute(query)
    ]
