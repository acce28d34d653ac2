"""Pages of rows: numbered ones for short lists, and two kinds that cost the same anywhere.

A log that grows while it is read goes from an id to older ones; a long list in the order of its
names goes from a place in it, which stays where it is whatever comes or goes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from dashboard.ids import read_id

Row = TypeVar("Row")
# Whoever reads a list needs to know that there are many, not how many thousand.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows `first` to `last` of `total`; `number` counts from 1."""

    rows: Sequence[Row]
    number: int
    size: int
    total: int

    @property
    def first(self) -> int:
        """The position of the first row, 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The position of the last row."""
        return (self.number - 1) * self.size + len(self.rows)

    @property
    def has_previous(self) -> bool:
        """Whether rows precede these."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether rows follow these."""
        return self.last < self.total


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Rows of a log, newest first; `before` is the id to ask for older ones, None at the end."""

    rows: Sequence[Row]
    before: int | None


def slice_of(rows: Sequence[Row], size: int) -> Slice[Row]:
    """Return the first `size` of `rows`, which were read with one to spare; rows have an `id`."""
    kept = rows[:size]
    return Slice(kept, kept[-1].id if len(rows) > size else None)  # type: ignore[attr-defined]  # every log row has one


class Place(NamedTuple):
    """Where a list by name is read on: beside the row of this name and id, there or gone."""

    name: str
    id: int

    def __str__(self) -> str:
        return f"{self.id}-{self.name}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that an address holds, None when it holds none."""
        number, _, name = text.partition("-")
        row_id = read_id(number)
        return None if row_id is None else cls(name, row_id)


class Turn(NamedTuple):
    """Which rows of a list by name: those after a place, or before it; None for its beginning.

    Before no place are the last ones.
    """

    place: Place | None = None
    is_back: bool = False


FIRST, LAST = Turn(), Turn(is_back=True)


class Counted(NamedTuple):
    """So many, or more than that; as it is now, or as it was when it was counted."""

    number: int
    is_more: bool = False
    counted_at: datetime | None = None

    @classmethod
    def of(cls, number: int) -> Counted:
        """Return what a count says that stopped at one above the most."""
        return cls(min(number, MOST_COUNTED), number > MOST_COUNTED)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """Some rows of a list by name, and the turns to those before and after; None where none are."""

    rows: Sequence[Row]
    total: Counted
    previous: Turn | None
    next: Turn | None
    # Where it begins, and where it ends.
    first: Turn = FIRST
    last: Turn = LAST


def stretch_of(
    rows: Sequence[Row], places: Sequence[Place], turn: Turn, *, size: int, total: Counted
) -> Stretch[Row]:
    """Return the first `size` of `rows`, read with one to spare in the order of the turn."""
    kept, stand = list(rows[:size]), list(places[:size])
    goes_on = len(rows) > size
    # Whoever came from a place came from a row; it may have gone since, then a page is empty.
    came_from = turn.place is not None
    if turn.is_back:
        kept.reverse()
        stand.reverse()
        goes_on, came_from = came_from, goes_on
    first, last = (stand[0], stand[-1]) if stand else (turn.place, turn.place)
    return Stretch(
        kept,
        total,
        previous=Turn(first, is_back=True) if came_from else None,
        next=Turn(last) if goes_on else None,
    )
