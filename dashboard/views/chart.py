"""Bars by day, as numbers a template draws; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from dashboard.reading.breakdown import DayTotal

WIDTH, HEIGHT = 640, 140
LEFT, BOTTOM, TOP = 52, 18, 8
NICE = tuple(
    Decimal(text) for text in ("1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's bar, in the units of the drawing."""

    day: date
    quantity: Decimal
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Gridline:
    """A line at a round number."""

    value: Decimal
    y: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """A drawing of `width` by `height`."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    grid: tuple[Gridline, ...]


def bar_chart(totals: Sequence[DayTotal], first: date, last: date) -> BarChart:
    """Return the bars of every day from `first` to `last`, both included; unused days are empty."""
    quantities = {total.day: total.quantity for total in totals}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    top = nice_ceiling(max(quantities.values(), default=Decimal(0)))
    step = (WIDTH - LEFT) / max(len(days), 1)
    bars = tuple(
        _bar(day, quantities.get(day, Decimal(0)), position, step, top)
        for position, day in enumerate(days)
    )
    return BarChart(WIDTH, HEIGHT, bars, tuple(_grid(top)))


class Cycle(Protocol):
    """When the bars may lie."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


def chart_of_cycle(totals: Sequence[DayTotal], cycle: Cycle, now: datetime) -> BarChart:
    """Return the bars of a cycle's days so far, the whole cycle once it is over."""
    last = min(cycle.ends_at - timedelta(microseconds=1), max(now, cycle.starts_at))
    return bar_chart(totals, cycle.starts_at.date(), last.date())


def nice_ceiling(value: Decimal) -> Decimal:
    """Return the smallest round number that is not below `value`."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** value.adjusted()
    return next(nice * power for nice in NICE if nice * power >= value)


def _bar(day: date, quantity: Decimal, position: int, step: float, top: Decimal) -> Bar:
    y = _height_at(quantity, top)
    x = LEFT + position * step + step * 0.12
    return Bar(day, quantity, round(x, 1), y, round(step * 0.76, 1), round(HEIGHT - BOTTOM - y, 1))


def _grid(top: Decimal) -> list[Gridline]:
    return [Gridline(value, _height_at(value, top)) for value in (Decimal(0), top / 2, top)]


def _height_at(quantity: Decimal, top: Decimal) -> float:
    share = float(max(quantity, Decimal(0)) / top)
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)
