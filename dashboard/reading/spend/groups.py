"""Sources of spend under the names that people ask for: by product, or by service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dashboard.pricing.series import OTHER, largest
from dashboard.reading.spend.amounts import Source
from dashboard.reading.spend.rows import SpendRows


class Group(NamedTuple):
    """What is added up under one name, bar by bar."""

    name: str
    cents: list[int]


def group_sources(
    sources: Iterable[Source], rows: SpendRows, *, by_service: bool
) -> list[tuple[str, list[Source]]]:
    """Return the sources under their names, in an order that does not change with the amounts.

    Products as the first of their prices stands in the catalogue, services as they were attached;
    two services may have one name.
    """
    if by_service:
        return [(_name(one, rows), [one]) for one in sorted(sources, key=_attached)]
    products: dict[str, list[Source]] = {}
    for source in sorted(sources):
        products.setdefault(rows.prices[source.price_id].product, []).append(source)
    return list(products.items())


def fold(groups: Sequence[Group], weights: Sequence[int]) -> list[Group]:
    """Return the five groups of most weight with all others as one, which has the gray.

    Those others are left out where none of them comes to anything.
    """
    leading = largest(dict(enumerate(weights)))
    rest = [group.cents for number, group in enumerate(groups) if number not in leading]
    found = [groups[number] for number in leading]
    if any(any(cents) for cents in rest):
        found.append(Group(OTHER, [sum(parts) for parts in zip(*rest, strict=True)]))
    return found


def _name(source: Source, rows: SpendRows) -> str:
    return rows.services.get(source.service_id or 0) or rows.prices[source.price_id].name


def _attached(source: Source) -> tuple[bool, int, int]:
    return (source.service_id is None, source.service_id or 0, source.price_id)
