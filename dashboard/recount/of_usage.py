"""Usage worked out anew: records, daily totals, units of items, and what these ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from dashboard.pricing.exact import EXACT, grouped, total
from dashboard.pricing.rating import costs_of_cycle
from dashboard.recount.chains import Asked, Chain, is_settled
from dashboard.recount.difference import Difference
from dashboard.recount.facts import Bill, Cycle, Facts, Item, Price, Service, Version
from dashboard.recount.records import first_of, record_of_day
from dashboard.recount.usage import UNSURE, Place, Right, Sum, Usage, Wrong

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """One version's part of a count: its units by the records, and its items."""

    version: Version
    units: Decimal
    chain: Chain

    def units_until(self, bill: Bill) -> Decimal:
        """Return the units of the items up to an invoice."""
        items = (self.chain.item_on(one) for one in self.chain.bills if _until(one, bill))
        return total(item.quantity for item in items if item)

    @property
    def billed_units(self) -> Decimal:
        """The units of all items."""
        items = (self.chain.item_on(one) for one in self.chain.bills)
        return total(item.quantity for item in items if item)


def _until(one: Bill, bill: Bill) -> bool:
    return one.sequence <= bill.sequence


class UsageRecount:
    """All usage of an organization, worked out anew."""

    def __init__(self, connection: Connection, facts: Facts, usage: Usage) -> None:
        self._connection, self._facts, self._usage = connection, facts, usage
        self._units = usage.units()
        self._items: dict[Key, list[Item]] = defaultdict(list)
        for item in facts.items:
            if item.kind == "metered" and item.version_id is not None:
                self._items[item.cycle_id, item.version_id].append(item)
        self._holders: dict[int, list[Service]] = defaultdict(list)
        for service in facts.services.values():
            self._holders[service.price_id].append(service)
        self._sort_out(usage)

    def _sort_out(self, usage: Usage) -> None:
        """Keep the first of each kind of trouble by cycle and version, so that none is sought."""
        self._unclaimed: dict[Key, Sum] = {}
        self._wrong: dict[Key, Wrong] = {}
        self._apart: dict[Key, tuple[Place, Decimal, Decimal]] = {}
        for one in usage.unclaimed:
            self._unclaimed.setdefault((one.cycle_id, one.version_id), one)
        for wrong in usage.wrong:
            self._wrong.setdefault((wrong.sum.cycle_id, wrong.sum.version_id), wrong)
            if wrong.right is not None:
                self._wrong.setdefault(wrong.right[:2], wrong)
        for place in sorted({*usage.counted, *usage.totals}, key=_in_order):
            said = usage.counted.get(place, Decimal(0))
            found = usage.totals.get(place, Decimal(0))
            if said != found:
                self._apart.setdefault(place[:2], (place, said, found))

    def differences(self) -> Iterator[Difference]:
        """Yield where usage is not billed as its records say, cycle by cycle, price by price."""
        every = self._facts.versions
        keys = {*self._units, *self._items, *_keys(self._usage.totals), *_keys(self._usage.waiting)}
        keys |= _keys(self._usage.still_waiting)
        counts = {(cycle_id, every[version_id].price_id) for cycle_id, version_id in keys}
        cycles, prices = self._facts.cycles, self._facts.prices
        for cycle_id, price_id in sorted(counts):
            yield from self._count(cycles[cycle_id], prices[price_id])
        yield from self._waiting()

    def _count(self, cycle: Cycle, price: Price) -> Iterator[Difference]:
        parts = [
            _Part(
                version,
                self._units.get((cycle.id, version.id), Decimal(0)),
                Chain(self._facts, self._items.get((cycle.id, version.id), ())),
            )
            for version in price.versions
        ]
        owed = costs_of_cycle([(part.version.terms, part.units) for part in parts])
        asked = self._asked(parts)
        for part, cents in zip(parts, owed, strict=True):
            yield from self._part(cycle, price, part, cents, asked[part.version.id])

    def _part(
        self, cycle: Cycle, price: Price, part: _Part, owed: int, wrong: Sequence[Asked]
    ) -> Iterator[Difference]:
        subject = f"{price.name} of the cycle from {cycle.starts_at:%Y-%m-%d}"
        why = self._why_units(cycle, part)
        links, currency = part.chain.links, self._facts.currency
        if why is None and not wrong and is_settled(owed, links, currency):
            why = self._why_seal(cycle, part)
            if why is not None:
                yield Difference(
                    self._facts.slug, None, subject, None, part.units, part.billed_units, why
                )
            return
        first = wrong[0] if wrong else None
        sequence = first.bill.sequence if first else None
        if first is not None and why is None:
            told, found = first.expected, first.found
            subject = f"{first.bill.called}, {subject}"
            why = self._why_amount(price, part, first)
        else:
            told = owed
            found = sum(link.billed_cents for link in links)
        if told != found or why is None:
            why = why or "What its invoices did with it does not add up to what it costs."
            yield Difference(
                self._facts.slug, sequence, subject, currency, Decimal(told), Decimal(found), why
            )
        else:
            units, billed = part.units, part.billed_units
            yield Difference(self._facts.slug, sequence, subject, None, units, billed, why)

    def _asked(self, parts: Sequence[_Part]) -> dict[int, list[Asked]]:
        """Return by version what invoices ask that they should not, by the units they have."""
        bills = sorted(set().union(*(part.chain.bills for part in parts)), key=lambda one: one[1])
        wrong: dict[int, list[Asked]] = defaultdict(list)
        for bill in bills:
            units = [(part.version.terms, part.units_until(bill)) for part in parts]
            for part, cost in zip(parts, costs_of_cycle(units), strict=True):
                asked = part.chain.asked(bill, cost)
                if not asked.is_right and (bill.is_changeable or part.chain.is_plain(bill)):
                    wrong[part.version.id].append(asked)
        return wrong

    def _why_units(self, cycle: Cycle, part: _Part) -> str | None:
        """Return the first fact from which on its units are apart; None where they are not."""
        key = (cycle.id, part.version.id)
        if (unclaimed := self._unclaimed.get(key)) is not None:
            record = first_of(self._connection, self._facts, self._usage, unclaimed)
            return f"The {record} is there once more than it was accepted."
        if (wrong := self._wrong.get(key)) is not None:
            one, right = wrong
            record = first_of(self._connection, self._facts, self._usage, one)
            return f"The {record} {self._is_billed_wrongly(one.version_id, one.off, right)}"
        if (apart := self._apart.get(key)) is not None:
            return self._of_day(*apart)
        return self._why_items(part)

    def _is_billed_wrongly(self, version_id: int, off: str | None, right: Right | None) -> str:
        if right is None:
            return "is billed, and no service with its meter was attached then."
        if off is not None:
            return "is not billed, though a service with its meter was attached then."
        versions = self._facts.versions
        if right[1] == version_id:
            return "is billed under another service or cycle than the one that it was used in."
        used, due = versions.get(version_id), versions[right[1]]
        by = f"the version from {used.start:%Y-%m-%d %H:%M}" if used else "another price"
        return f"is billed by {by}; in force was the one from {due.start:%Y-%m-%d %H:%M} UTC."

    def _of_day(self, place: Place, said: Decimal, found: Decimal) -> str:
        apart = EXACT.subtract(found, said)
        record = record_of_day(self._connection, self._facts, place.version_id, place.day, apart)
        told = (
            f"On {place.day} {grouped(found)} units are counted, and the records come to "
            f"{grouped(said)}."
        )
        if record is None:
            return f"{told} There is no record of that day."
        if record.quantity != abs(apart):
            return f"{told} The first is the {record}."
        return f"{told} The {record} is counted {'twice' if apart > 0 else 'not at all'}."

    def _why_items(self, part: _Part) -> str | None:
        if part.billed_units == part.units:
            return None
        last = max(part.chain.bills, key=lambda bill: bill.sequence, default=None)
        if last is None:
            return f"No invoice has an item with these {grouped(part.units)} units."
        return (
            f"Its items come to {grouped(part.billed_units)} units, the records to "
            f"{grouped(part.units)}; the last item is on {last.called}."
        )

    def _why_seal(self, cycle: Cycle, part: _Part) -> str | None:
        """Return which sealed invoice of the cycle has units that it could not know, or lacks some.

        Asked only where no service changed since, so that what is billed now was billed then.
        """
        holders = self._holders.get(part.version.price_id, ())
        for bill in self._facts.ordered_bills:
            at = bill.sealed_at
            if bill.cycle_id != cycle.id or at is None:
                continue
            if any(_moved(one, at) for one in holders):
                continue
            units = part.units_until(bill)
            low, high = (
                self._usage.known_until(cycle.id, part.version.id, at + side, canceled=at - side)
                for side in (-UNSURE, UNSURE)
            )
            # What Stripe finalized first, or was rolled, waits for nothing that is on its way.
            had_its_grace = bill.seal_after_at is not None and bill.seal_after_at <= at
            if units > high or (units < low and had_its_grace):
                known = high if units > high else low
                return (
                    f"When {bill.called} was sealed, at {at:%Y-%m-%d %H:%M:%S} UTC, records of "
                    f"{grouped(known)} units were there, and up to it {grouped(units)} are billed."
                )
        return None

    def _why_amount(self, price: Price, part: _Part, asked: Asked) -> str:
        units = grouped(part.units_until(asked.bill))
        begins = f"{part.version.start:%Y-%m-%d}"
        if asked.item is None:
            return f"It has no item for the {units} units under the version from {begins}."
        for other in price.versions:
            quantity = part.units_until(asked.bill)
            [cost] = costs_of_cycle([(other.terms, quantity)])
            if other.id != part.version.id and cost == asked.found:
                return (
                    f"Its {units} units are rated by the version from {other.start:%Y-%m-%d}; "
                    f"in force was the one from {begins}."
                )
        return f"That is what {units} units cost by the version from {begins}."

    def _waiting(self) -> Iterator[Difference]:
        said, found = self._usage.waiting, self._usage.still_waiting
        for place in sorted({*said, *found}, key=_in_order):
            sides = said.get(place, Decimal(0)), found.get(place, Decimal(0))
            if sides[0] != sides[1]:
                version = self._facts.versions[place.version_id]
                subject = f"{self._facts.prices[version.price_id].name} not counted yet"
                why = f"Of {place.day}, other units wait than those of the records that do."
                yield Difference(self._facts.slug, None, subject, None, *sides, why)


def _moved(service: Service, sealed_at: datetime) -> bool:
    """Whether what a service counts may have been told after a seal."""
    ended = service.detached_at
    return service.created_at > sealed_at - UNSURE or (ended is not None and ended < sealed_at)


def _keys(places: dict[Place, Decimal]) -> set[Key]:
    return {(place.cycle_id, place.version_id) for place, units in places.items() if units}


def _in_order(place: Place) -> tuple[object, ...]:
    return (place.day, place.cycle_id, place.version_id, place.service_id or 0)
