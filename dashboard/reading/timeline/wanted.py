"""Which part of a timeline is wanted, and where it is read on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, DateTime, literal, tuple_

from dashboard.ids import read_id

# What people choose among, in this order; the page has a name for each.
KINDS = ("money", "bill", "services", "usage", "syncs", "events", "people", "notes", "alerts")
# Of these nothing is a customer's.
OF_STAFF = frozenset({"syncs", "events", "notes"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where a timeline is read on: below the row of this instant, source and id."""

    at: datetime
    rank: int
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.rank + 1}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that an address holds, None when it holds none."""
        numbers = [number for part in text.split("-") if (number := read_id(part)) is not None]
        if len(numbers) != 3 or text.count("-") != 2:
            return None
        micros, rank, row_id = numbers
        try:
            return cls(EPOCH + timedelta(microseconds=micros), rank - 1, row_id)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose timeline, and what of it; `first` and `last` are UTC days, both included.

    Without a kind it is all that the reader may see: a customer sees what is theirs.
    """

    organization_id: int
    for_staff: bool
    kind: str | None = None
    first: date | None = None
    last: date | None = None

    def takes(self, kinds: Collection[str], *, is_public: bool) -> bool:
        """Whether anything of a source that holds these kinds is wanted."""
        return (self.for_staff or is_public) and (self.kind is None or self.kind in kinds)

    @property
    def days(self) -> tuple[datetime | None, datetime | None]:
        """When the days begin and end: half-open; None is open."""
        ends = _midnight(self.last) + timedelta(days=1) if self.last else None
        return _midnight(self.first) if self.first else None, ends


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of one source a page may show: those of the wanted days, below a place."""

    wanted: Wanted
    before: Place | None
    rank: int
    size: int

    def holds(self, at: Any, number: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on the source's instant and id."""
        first, after = self.wanted.days
        conditions: list[ColumnElement[bool]] = []
        if first is not None:
            conditions.append(at >= first)
        if after is not None:
            conditions.append(at < after)
        if self.before is not None:
            conditions.append(self._below(self.before, at, number))
        return conditions

    def _below(self, place: Place, at: Any, number: Any) -> ColumnElement[bool]:
        if self.rank > place.rank:
            return at < place.at  # type: ignore[no-any-return]  # a comparison of columns
        if self.rank < place.rank:
            return at <= place.at  # type: ignore[no-any-return]  # the same
        here = literal(place.at, DateTime(timezone=True)), literal(place.id, BigInteger())
        return tuple_(at, number) < tuple_(*here)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
