"""Pages of rows: numbered ones for lists, older-and-newer ones for logs that grow while read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


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
