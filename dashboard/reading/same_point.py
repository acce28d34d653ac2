"""The last cycle's bill as it stood at the same point: so long after its start as it is now.

Fees of what was attached by then, for the whole cycle, as on a bill that is open; usage up to then,
rated as everything is, of which the day itself counts in proportion; charges and credits that were
made by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby

from dashboard.billing.known_at import fees_known_at
from dashboard.billing.pace import DAY_SECONDS, pro_rata
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.rating import cents_of_cycle
from dashboard.pricing.versions import in_force
from dashboard.reading.billed_parts import CycleBefore, Part
from dashboard.reading.prices import versions_of
from dashboard.reading.rows import Version
from dashboard.reading.used_by import UsedBy


def same_point(cycle: CycleBefore, after: timedelta) -> datetime:
    """Return the instant so long after the start of the cycle, at most its end."""
    return min(cycle.starts_at + after, cycle.ends_at)


def used_at(one: UsedBy, at: datetime) -> Decimal:
    """Return what was used by `at`, whose day was asked about; of that day, its share."""
    midnight = datetime.combine(at.astimezone(UTC).date(), time.min, UTC)
    passed = Period(midnight, at).seconds
    return EXACT.add(one.before, pro_rata(one.on, passed, DAY_SECONDS))


def parts_at(
    cycle: CycleBefore, parts: Sequence[Part], used: Sequence[UsedBy], at: datetime
) -> list[Part]:
    """Return the parts of the last cycle as they stood at `at`; those that cost nothing left out.

    `used` is the cycle's usage. One statement for the prices' versions; five more where a service
    changed later in the cycle.
    """
    found = [*_fees(cycle, parts, at), *_usage(cycle, parts, used, at)]
    found += [
        part for part in parts if not part.is_fee and not part.is_usage and part.created_at <= at
    ]
    return [part for part in found if part.cents]


def _fees(cycle: CycleBefore, parts: Iterable[Part], at: datetime) -> Iterator[Part]:
    fees = [part for part in parts if part.is_fee and (part.attached_at or at) <= at]
    moved = {part.service_id or 0 for part in fees if _changed_after(part, at, cycle.ends_at)}
    known = fees_known_at(moved, cycle.id, at)
    for part in fees:
        if part.service_id in known:
            # Of all its versions together, on the first of its parts.
            yield part._replace(**known.pop(part.service_id)._asdict())
        elif part.service_id not in moved:
            yield part


def _changed_after(part: Part, at: datetime, ends_at: datetime) -> bool:
    """Whether the fee became another one later in the cycle."""
    instants = (part.detached_at, part.changed_at)
    return any(one is not None and at < one < ends_at for one in instants)


def _usage(
    cycle: CycleBefore, parts: Iterable[Part], used: Sequence[UsedBy], at: datetime
) -> Iterator[Part]:
    items = {part.price_id: part for part in parts if part.is_usage and part.price_id}
    units: dict[int, Decimal] = defaultdict(Decimal)
    for one in used:
        units[one.price_version_id] = EXACT.add(units[one.price_version_id], used_at(one, at))
    of_cycle = Period(cycle.starts_at, cycle.ends_at)
    versions = versions_of(price_id for price_id in items if price_id)
    for price_id, group in groupby(versions, key=lambda version: version.price_id):
        held = [(version.terms, units[version.id]) for version in _in_cycle(list(group), of_cycle)]
        yield items[price_id]._replace(
            quantity=total(quantity for _, quantity in held), cents=sum(cents_of_cycle(held))
        )


def _in_cycle(versions: Sequence[Version], cycle: Period) -> Iterator[Version]:
    for version, start, end in in_force(versions):
        if cycle.clip(Period(start, end)) is not None:
            yield version
