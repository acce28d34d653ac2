"""What the usage records of an organization come to, resolved anew, and what is counted of them.

PostgreSQL sums the records up in one pass, apart by what a record is billed by: its meter, the
service that it named, and the stretch of time in which no service, price version or cycle begins or
ends. So memory is bounded by the changes of services and prices, and not by the records.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, text

from dashboard.pricing.exact import EXACT, total
from dashboard.recount.attached import NOBODY, Attachments
from dashboard.recount.facts import Cycle, Facts, Service

# A record says when its request began and an invoice when its seal did: both took a while, on
# machines whose clocks are not quite alike.
UNSURE = timedelta(minutes=2)

NESTED = text("select set_config('enable_nestloop', :value, true)")
KEPT_SINCE = text("select max(keys_forgotten_until) from installations")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

SUMS = text("""
    with waiting as (
        select distinct received_at, price_version_id, service_id, day from usage_waiting
        where organization_id = :organization
    )
    select meter, named_service, width_bucket(records.recorded_at, :bounds) as stretch,
           cast(records.recorded_at at time zone 'UTC' as date) as day,
           records.cycle_id, records.price_version_id, records.service_id, off.reason,
           waiting.day is not null as waits,
           keys.key is null and records.recorded_at >= :kept_since as is_unclaimed,
           width_bucket(records.received_at, :seals) as known,
           case when off.reason = 'canceled' then width_bucket(off.taken_off_at, :seals) end
               as canceled,
           count(*) as records, sum(quantity) as quantity
    from usage_records as records
    left join usage_taken_off as off
      on off.organization_id = :organization and off.key = records.key
     and off.recorded_at = records.recorded_at
    left join usage_keys as keys
      on keys.organization_id = :organization and keys.key = records.key
     and keys.recorded_at = records.recorded_at
    left join waiting
      on waiting.received_at = records.received_at
     and waiting.price_version_id = records.price_version_id
     and waiting.service_id is not distinct from records.service_id
     and waiting.day = cast(records.recorded_at at time zone 'UTC' as date)
    where records.organization_id = :organization
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    order by 4, 3
""")

COUNTED = """
    select cycle_id, price_version_id, service_id, day, sum(quantity) from {table}
    where organization_id = :organization group by 1, 2, 3, 4
"""
TOTALS, WAITING = (text(COUNTED.format(table=t)) for t in ("usage_totals", "usage_waiting"))


class Sum(NamedTuple):
    """Records that are billed by one thing, and what they were given when they were accepted."""

    meter: str
    named: str | None
    stretch: int
    day: date
    cycle_id: int
    version_id: int
    service_id: int | None
    off: str | None
    waits: bool
    is_unclaimed: bool
    known: int
    canceled: int | None
    records: int
    quantity: Decimal


class Place(NamedTuple):
    """What units are counted under."""

    cycle_id: int
    version_id: int
    service_id: int | None
    day: date


Units = dict[Place, Decimal]
# A cycle, a price version and, where one alone counts the meter, a service.
Right = tuple[int, int, int | None]
# Several prices count them: they stay with what billed them before the second one came.
AMBIGUOUS: Right = (0, 0, None)


class Wrong(NamedTuple):
    """Records that are not billed as they should be: by nothing where it is None."""

    sum: Sum
    right: Right | None


@dataclass
class Usage:
    """What records come to on the bill and what still waits, by what they should be billed by."""

    bounds: list[datetime]
    seals: list[datetime]
    records: int = 0
    counted: Units = field(default_factory=lambda: defaultdict(Decimal))
    waiting: Units = field(default_factory=lambda: defaultdict(Decimal))
    totals: Units = field(default_factory=dict)
    still_waiting: Units = field(default_factory=dict)
    # By cycle and version: by how many of the seals' instants had passed when they were received.
    known: dict[tuple[int, int], dict[int, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    # The same of what was canceled, by how many had passed then; it is in `known` as well.
    canceled: dict[tuple[int, int], dict[int, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    wrong: list[Wrong] = field(default_factory=list)
    unclaimed: list[Sum] = field(default_factory=list)

    def units(self) -> dict[tuple[int, int], Decimal]:
        """Return what is on the bill by cycle and version."""
        sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for place, units in self.counted.items():
            key = (place.cycle_id, place.version_id)
            sums[key] = EXACT.add(sums[key], units)
        return sums

    def known_until(
        self, cycle_id: int, version_id: int, instant: datetime, *, canceled: datetime
    ) -> Decimal:
        """Return the units that were received before an instant, less what was `canceled` before.

        Both are among `seals`.
        """
        key = (cycle_id, version_id)
        received = _until(self.known[key], self.seals.index(instant))
        return EXACT.subtract(received, _until(self.canceled[key], self.seals.index(canceled)))


def read_usage(connection: Connection, facts: Facts) -> Usage:
    """Sum up all records of an organization, and read what the ledger counted of them."""
    usage = Usage(_bounds(facts), _seals(facts))
    organization = {"organization": facts.id}
    asked = {
        **organization,
        "bounds": usage.bounds,
        "seals": usage.seals,
        "kept_since": connection.scalar(KEPT_SINCE) or LONG_AGO,
    }
    resolver = _Resolver(facts, usage.bounds)
    # Of tables that grew since they were last analyzed, few rows are expected; to look each record
    # up in all keys of its organization would then take a day.
    connection.execute(NESTED.bindparams(value="off"))
    for one in map(Sum._make, connection.execute(SUMS, asked)):
        _count(usage, resolver, one)
    connection.execute(NESTED.bindparams(value="on"))
    for statement, units in ((TOTALS, usage.totals), (WAITING, usage.still_waiting)):
        for *place, quantity in connection.execute(statement, organization):
            units[Place(*place)] = quantity
    return usage


def _count(usage: Usage, resolver: _Resolver, one: Sum) -> None:
    usage.records += one.records
    if one.is_unclaimed:
        usage.unclaimed.append(one)
        return
    given = (one.cycle_id, one.version_id, one.service_id)
    if one.waits:
        # By what they are billed is settled when they are counted.
        _add(usage.waiting, Place(*given, one.day), one.quantity)
        return
    if one.canceled is not None:
        # What was sealed before it was taken back billed it.
        key = (one.cycle_id, one.version_id)
        for sums, when in ((usage.known[key], one.known), (usage.canceled[key], one.canceled)):
            sums[when] = EXACT.add(sums[when], one.quantity)
    if one.off not in (None, "not_attached"):
        return
    right = resolver.resolve(one)
    if right != (None if one.off else given):
        usage.wrong.append(Wrong(one, right))
    if right is not None:
        cycle_id, version_id, _ = right
        _add(usage.counted, Place(*right, one.day), one.quantity)
        known = usage.known[cycle_id, version_id]
        known[one.known] = EXACT.add(known[one.known], one.quantity)


class _Resolver:
    """Finds what bills records: of each meter, named service and stretch once."""

    def __init__(self, facts: Facts, bounds: Sequence[datetime]) -> None:
        self._facts, self._bounds = facts, bounds
        self._found: dict[tuple[str, str | None, int], Right | None] = {}
        services: dict[tuple[str | None, str | None], list[Service]] = defaultdict(list)
        for service in facts.services.values():
            meter = facts.prices[service.price_id].meter
            services[meter, None].append(service)
            if service.external_id is not None:
                services[meter, service.external_id].append(service)
        self._attached = {key: Attachments(some) for key, some in services.items()}
        self._cycles = sorted(facts.cycles.values(), key=lambda cycle: cycle.starts_at)
        self._starts = [cycle.starts_at for cycle in self._cycles]

    def resolve(self, one: Sum) -> Right | None:
        """Return the cycle, version and service that bill these records; None where none does."""
        key = (one.meter, one.named, one.stretch)
        if key not in self._found:
            self._found[key] = self._resolve(one)
        found = self._found[key]
        return (one.cycle_id, one.version_id, one.service_id) if found == AMBIGUOUS else found

    def _resolve(self, one: Sum) -> Right | None:
        if one.stretch == 0:
            return None
        instant = self._bounds[one.stretch - 1]
        every = self._attached.get((one.meter, one.named))
        attached = every.at(instant) if every else NOBODY
        if attached.prices > 1:
            return AMBIGUOUS
        cycle = self._cycle_at(instant)
        if attached.price_id is None or cycle is None:
            return None
        version = self._facts.prices[attached.price_id].version_at(instant)
        return None if version is None else (cycle.id, version.id, attached.service_id)

    def _cycle_at(self, instant: datetime) -> Cycle | None:
        place = bisect_right(self._starts, instant)
        cycle = self._cycles[place - 1] if place else None
        return cycle if cycle is not None and instant < cycle.ends_at else None


def _bounds(facts: Facts) -> list[datetime]:
    found = {at for cycle in facts.cycles.values() for at in (cycle.starts_at, cycle.ends_at)}
    for service in facts.services.values():
        price = facts.prices[service.price_id]
        if price.meter is not None:
            found.add(service.attached_at)
            found |= {service.detached_at} if service.detached_at else set()
            found |= {version.start for version in price.versions}
    return sorted(found)


def _seals(facts: Facts) -> list[datetime]:
    sealed = [bill.sealed_at for bill in facts.bills.values() if bill.sealed_at]
    return sorted({at + unsure for at in sealed for unsure in (-UNSURE, UNSURE)})


def _until(sums: dict[int, Decimal], passed: int) -> Decimal:
    return total(units for when, units in sums.items() if when <= passed)


def _add(units: Units, place: Place, quantity: Decimal) -> None:
    units[place] = EXACT.add(units[place], quantity)
