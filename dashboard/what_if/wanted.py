"""What may be asked: so many more or fewer of a fee, so much more or less usage, from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

# Of what is expected; all of it goes on as it does.
ALL_PERCENT = 100
MOST_PERCENT = 1000
MOST_MORE = 9999
MOST_UNITS = 10**12


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be different from `since` on, by the ids of prices.

    `more`: so many more of a fee, below zero fewer. `percent`: of the usage that is expected.
    `units`: in a whole cycle, of what was not used so far.
    """

    since: datetime
    more: Mapping[int, int] = field(default_factory=dict)
    percent: Mapping[int, int] = field(default_factory=dict)
    units: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A price before and after: how much of it at the cycle's end, and what that costs.

    `full_before` and `full_after` are of a whole cycle like that.
    """

    price_id: int
    name: str
    unit_label: str
    is_usage: bool
    quantity_before: Decimal
    quantity_after: Decimal
    before: int
    after: int
    full_before: int
    full_after: int

    @property
    def is_changed(self) -> bool:
        """Whether anything of it is different."""
        return (self.before, self.full_before, self.quantity_before) != (
            self.after,
            self.full_after,
            self.quantity_after,
        )
