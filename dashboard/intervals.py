"""How long cycles are, and of how many of its intervals a price asks for in one. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# In months, but for the week, which no number of months is made of.
MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
INTERVALS = ("week", *MONTHS)
EVERY = {"week": "Weekly", "month": "Monthly", "quarter": "Quarterly", "year": "Yearly"}


def times_in(interval: str, cycle: str) -> int | None:
    """Return how many of a price's intervals a whole cycle has: 3 months in a quarter.

    None where that is no whole number, as of the months in a week: such a fee is not billed.
    """
    if interval == cycle:
        return 1
    times, rest = divmod(MONTHS.get(cycle, 0), MONTHS.get(interval, 1))
    return times if interval in MONTHS and times and not rest else None


def one_of_sql(column: str) -> str:
    """Return the condition that a column holds one of them."""
    return f"{column} in ({', '.join(map(repr, INTERVALS))})"
