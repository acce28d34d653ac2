"""From cents to pixels: the scale of a panel, its lines at round amounts, their labels; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from dashboard.currencies import charge_step, minor_digits
from dashboard.views.formatting import money

MOST_LINES = 3
# What is below zero is little up to this part of a step.
LITTLE = 4
# Two labels below each other, with their letters apart.
LABEL_HEIGHT = 13


@dataclass(frozen=True, slots=True)
class Scale:
    """A panel `height` pixels high whose top is at `top`, showing `low` to `high` cents.

    Where there is nothing to show, no amount but zero has a line.
    """

    currency: str
    step: int
    low: int
    high: int
    top: int
    height: int
    is_empty: bool = False

    @classmethod
    def of(cls, cents: Iterable[int], currency: str, *, top: int, height: int) -> Scale:
        """Return the scale that shows all of `cents`, and zero, with three lines at the most."""
        values = [0, *cents]
        least, most = min(values), max(values)
        for step in _steps(charge_step(currency)):
            # A small credit beside large amounts takes its own height, not that of a whole step.
            is_little = -least * LITTLE <= step
            below, above = 0 if is_little else -(least // step), -(-most // step)
            if below + above <= MOST_LINES:
                low = least if is_little else -below * step
                high = max(above, 1 - below) * step
                return cls(currency, step, low, high, top, height, not any(values))
        raise AssertionError("steps never end")

    def y(self, cents: int) -> int:
        """Return where `cents` are: a whole pixel, so that edges are sharp."""
        return self.top + round(self.height * (self.high - cents) / (self.high - self.low))

    def label(self, cents: int) -> str:
        """Return what the axis says at `cents`: with decimals on all of its lines or on none."""
        is_whole = not cents or self.step % 10 ** minor_digits(self.currency) == 0
        return (axis_money if is_whole else money)(cents, self.currency)

    @property
    def lines(self) -> Sequence[int]:
        """The amounts that have a line, zero among them."""
        if self.is_empty:
            return [0]
        lowest = -(-self.low // self.step) * self.step
        return range(lowest, self.high + 1, self.step)


def _steps(least: int) -> Iterator[int]:
    """Yield round amounts that can be charged: 1, 2, 2.5 and 5 times ever higher powers of ten."""
    for power in count():
        for tenths in (10, 20, 25, 50):
            step, rest = divmod(tenths * 10**power, 10)
            if not rest and step % least == 0:
                yield step


def axis_money(cents: int, currency: str) -> str:
    """Return an amount for an axis: without decimals where it is whole."""
    text, digits = money(cents, currency), minor_digits(currency)
    zeros = f".{'0' * digits}"
    return text.removesuffix(zeros) if digits else text


def apart(places: Sequence[int], low: int, high: int) -> list[int]:
    """Return the places of labels moved down, then up, until none is upon another."""
    order = sorted(range(len(places)), key=lambda one: places[one])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + LABEL_HEIGHT)
    limit = high
    for one in reversed(order):
        found[one] = min(found[one], limit)
        limit = found[one] - LABEL_HEIGHT
    return [max(one, low) for one in found]
