"""Pages of rows: numbered ones for short lists, and stretches that cost the same anywhere.

A long list is read on from a place in its order, which stays where it is whatever comes or goes
before it: beside a row's value and id, or in a log beside its id alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from dashboard.errors import BillingError
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


class NoSuchPage(BillingError):
    """An address asks for rows from a place that the list cannot have."""

    status = 404
    code = "no_such_page"

    def __init__(self) -> None:
        super().__init__(
            "This list has no such page: the address is old, or was cut. It begins here."
        )


class Place(NamedTuple):
    """Where a list is read on: beside the row of this value and id, there or gone.

    In a list that is in the order of its ids alone the value is empty.
    """

    value: str
    id: int

    def __str__(self) -> str:
        return f"{self.id}-{self.value}" if self.value else str(self.id)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that an address holds, None when it holds none."""
        number, _, value = text.partition("-")
        row_id = read_id(number)
        return None if row_id is None else cls(value, row_id)


class Turn(NamedTuple):
    """Which rows: those above a place, or with `is_back` below it; None for that end of the list.

    Above and below go by the values, whichever of them the list shows first.
    """

    place: Place | None = None
    is_back: bool = False


FIRST, LAST = Turn(), Turn(is_back=True)


class Sort(NamedTuple):
    """By what a list is in order, and whether the highest comes first."""

    name: str
    is_falling: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.is_falling else self.name

    @property
    def beginning(self) -> Turn:
        """The rows that the list begins with."""
        return LAST if self.is_falling else FIRST

    @property
    def reversed(self) -> Sort:
        """The same order from its other end."""
        return self._replace(is_falling=not self.is_falling)


# Of what is only ever added to: the order in which it came.
NEWEST = Sort("time", is_falling=True)
BY_NAME = Sort("name")


class Asked(NamedTuple):
    """Which rows of a list in which order: what an address asks for."""

    turn: Turn = FIRST
    sort: Sort = BY_NAME


NEWEST_FIRST = Asked(LAST, NEWEST)
FIRST_BY_NAME = Asked()


def older_than(row_id: int | None) -> Asked:
    """Return what asks a log for its rows below an id, the newest first; without one for all."""
    return Asked(Turn(Place("", row_id), is_back=True), NEWEST) if row_id else NEWEST_FIRST


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
    """Some rows of a list, and the turns to those before and after; None where none are.

    `total` is None where nobody counts, as in a log that only grows.
    """

    rows: Sequence[Row]
    total: Counted | None
    previous: Turn | None
    next: Turn | None
    # Where it begins, and where it ends.
    first: Turn = FIRST
    last: Turn = LAST

    @property
    def is_past_the_end(self) -> bool:
        """Whether the place that was asked for has no rows and others have."""
        return not self.rows and (self.previous is not None or self.next is not None)


def stretch_of(
    rows: Sequence[Row],
    places: Sequence[Place],
    turn: Turn,
    *,
    size: int,
    total: Counted | None = None,
    is_falling: bool = False,
) -> Stretch[Row]:
    """Return the first `size` of `rows`, read with one to spare from the place of the turn away.

    `is_falling` shows the highest first.
    """
    kept, stand = list(rows[:size]), list(places[:size])
    goes_on = len(rows) > size
    # Whoever came from a place came from a row; it may have gone since, then a page is empty.
    came_from = turn.place is not None
    if turn.is_back:
        stand.reverse()
    lowest, highest = (stand[0], stand[-1]) if stand else (turn.place, turn.place)
    has_lower, has_higher = (goes_on, came_from) if turn.is_back else (came_from, goes_on)
    below = Turn(lowest, is_back=True) if has_lower else None
    above = Turn(highest) if has_higher else None
    if turn.is_back != is_falling:
        kept.reverse()
    if is_falling:
        return Stretch(kept, total, previous=above, next=below, first=LAST, last=FIRST)
    return Stretch(kept, total, previous=below, next=above)
