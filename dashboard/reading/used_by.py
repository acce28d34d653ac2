"""Usage of cycles by price and service, and by day, from the daily totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, Date, any_, func, select

from dashboard.pricing.exact import EXACT
from dashboard.pricing.models import Price, PriceVersion
from dashboard.services.models import Service
from dashboard.statement import Statement, parameter
from dashboard.usage.models import UsageTotal


class UsedBy(NamedTuple):
    """What one service used of a price version in a cycle; without a service, what named none.

    `before` the day that was asked about, and `on` it.
    """

    cycle_id: int
    price_id: int
    price_version_id: int
    service_id: int | None
    service: str | None
    before: Decimal
    on: Decimal
    after: Decimal

    @property
    def whole(self) -> Decimal:
        """The units of the whole cycle: before the day, on it, and after it."""
        return EXACT.add(EXACT.add(self.before, self.on), self.after)


def used_by(organization_id: int, cycle_ids: Iterable[int], day: date) -> list[UsedBy]:
    """Return the usage of the cycles: one statement, a row for each service and price version."""
    rows = _USED.rows(organization=organization_id, cycles=list(cycle_ids), day=day)
    return [UsedBy._make(row) for row in rows]


class Wanted(NamedTuple):
    """Usage of a price, by one service or None for all of them."""

    price_id: int
    service_id: int | None


def by_day(
    organization_id: int, cycle_ids: Iterable[int], wanted: Iterable[Wanted]
) -> Mapping[tuple[int, int], Mapping[date, Decimal]]:
    """Return the days of each cycle and price, by their ids; one statement."""
    every = list(wanted)
    rows = _DAYS.rows(
        organization=organization_id,
        cycles=list(cycle_ids),
        prices=[one.price_id for one in every],
        services=[one.service_id for one in every],
    )
    found: dict[tuple[int, int], dict[date, Decimal]] = defaultdict(dict)
    for cycle_id, price_id, day, quantity in rows:
        found[cycle_id, price_id][day] = quantity
    return found


_total, _version = UsageTotal.__table__, PriceVersion.__table__
_service, _price = Service.__table__, Price.__table__
_of_cycles = (
    _total.c.organization_id == parameter("organization", BigInteger),
    _total.c.cycle_id == any_(parameter("cycles", ARRAY(BigInteger))),
)
_quantity = func.sum(_total.c.quantity)
_day = parameter("day", Date)
_USED = Statement(
    select(
        _total.c.cycle_id,
        _version.c.price_id,
        _total.c.price_version_id,
        _total.c.service_id,
        func.coalesce(
            func.nullif(_service.c.label, _price.c.name), _service.c.external_id, _service.c.label
        ),
        func.coalesce(_quantity.filter(_total.c.day < _day), 0),
        func.coalesce(_quantity.filter(_total.c.day == _day), 0),
        func.coalesce(_quantity.filter(_total.c.day > _day), 0),
    )
    .select_from(
        _total.join(_version, _version.c.id == _total.c.price_version_id)
        .join(_price, _price.c.id == _version.c.price_id)
        .outerjoin(_service, _service.c.id == _total.c.service_id)
    )
    .where(*_of_cycles)
    .group_by(
        _total.c.cycle_id,
        _version.c.price_id,
        _total.c.price_version_id,
        _total.c.service_id,
        _service.c.id,
        _price.c.id,
    )
)
_wanted = (
    func.unnest(parameter("prices", ARRAY(BigInteger)), parameter("services", ARRAY(BigInteger)))
    .table_valued("price_id", "service_id")
    .render_derived()
)
_DAYS = Statement(
    select(_total.c.cycle_id, _version.c.price_id, _total.c.day, _quantity)
    .select_from(
        _total.join(_version, _version.c.id == _total.c.price_version_id).join(
            _wanted,
            (_wanted.c.price_id == _version.c.price_id)
            & (_wanted.c.service_id.is_(None) | (_wanted.c.service_id == _total.c.service_id)),
        )
    )
    .where(*_of_cycles)
    .group_by(_total.c.cycle_id, _version.c.price_id, _total.c.day)
)
