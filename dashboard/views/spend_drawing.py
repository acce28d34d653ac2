"""The spend chart as numbers that a template draws: x in per cent, y in pixels; pure.

So one drawing serves every width: bars stretch and words do not. Shapes lie in frames that are a
hundred wide for each bar and stretch alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.reading.spend.model import Spend
from dashboard.views.spend_axis import Label, Tick, side_labels, ticks, wide
from dashboard.views.spend_running import RunningPanel, running_panel
from dashboard.views.spend_scale import Scale

SLOT = 100
READOUT, BARS, AXIS = 22, 204, 24
BASE = READOUT + BARS
# A bar is at most as wide as it is among twelve: one day alone is no wall.
NARROW_FROM = 12
WIDEST = 74


class Box(NamedTuple):
    """A rectangle: x and width in per cent."""

    x: float
    y: int
    width: float
    height: int


class Line(NamedTuple):
    """A line across a panel with its label."""

    y: int
    label: str
    is_base: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that a template needs beside the amounts.

    `reach` is how far down one may point, `left` and `right` how wide the labels beside it are.
    """

    left: int
    right: int
    width: int
    height: int
    reach: int
    lines: Sequence[Line]
    paths: Sequence[str]
    ghost: str
    expected: Sequence[Box]
    slots: Sequence[Box]
    now: Box
    ticks: Sequence[Tick]
    labels: Sequence[Label]
    running: RunningPanel | None


def draw(spend: Spend) -> Drawing:
    """Return the drawing of `spend`."""
    stacks = [list(_stack(spend, bar)) for bar in range(len(spend.starts))]
    tops = [max((part.high for part in stack), default=0) for stack in stacks]
    reached = [top + more for top, more in zip(tops, spend.expected, strict=True)]
    lows = [part.low for stack in stacks for part in stack]
    ghosts = [cents for cents in spend.last if cents is not None]
    scale = Scale.of([*reached, *lows, *ghosts], spend.currency, top=READOUT, height=BARS)
    count = len(spend.starts)
    running = running_panel(spend, top=BASE + AXIS, slot=SLOT) if spend.running else None
    labels = side_labels(spend, reached, scale)
    return Drawing(
        left=wide([*map(scale.label, scale.lines), *(running.amounts if running else [])]),
        right=wide([label.text for label in labels] + (running.words if running else [])),
        width=count * SLOT,
        height=running.bottom if running else BASE + AXIS,
        reach=(running.top + running.height if running else BASE) - READOUT,
        lines=[Line(scale.y(one), scale.label(one), not one) for one in scale.lines],
        paths=_paths(stacks, len(spend.series), scale),
        ghost=_ghost(spend.last, scale),
        expected=list(_expected(tops, reached, scale)),
        slots=[_slot(place, count) for place in range(count)],
        now=_slot(spend.today, count),
        ticks=list(ticks(spend)),
        labels=labels,
        running=running,
    )


class _Part(NamedTuple):
    """A piece of a bar, from `low` to `high` cents; what is below zero hangs from it."""

    series: int
    low: int
    high: int


def _stack(spend: Spend, bar: int) -> Iterator[_Part]:
    above = below = 0
    for number, series in enumerate(spend.series):
        cents = series.cents[bar]
        if cents > 0:
            yield _Part(number, above, above + cents)
            above += cents
        elif cents < 0:
            yield _Part(number, below + cents, below)
            below += cents


def _paths(stacks: Sequence[Sequence[_Part]], series: int, scale: Scale) -> list[str]:
    """Return the bars of each series as one path, a pixel of surface between two pieces."""
    left, width = _bar(len(stacks))
    found: list[list[str]] = [[] for _ in range(series)]
    for place, stack in enumerate(stacks):
        for part in stack:
            top, bottom = scale.y(part.high), scale.y(part.low)
            if height := max(bottom - top - 1, min(bottom - top, 1)):
                x = place * SLOT + left
                found[part.series].append(f"M{x} {top - READOUT}h{width}v{height}h-{width}z")
    return ["".join(some) for some in found]


def _bar(count: int) -> tuple[int, int]:
    """Return where a bar begins in its slot, and how wide it is."""
    width = WIDEST if count >= NARROW_FROM else WIDEST * count // NARROW_FROM
    return (SLOT - width) // 2, width


def _expected(tops: Sequence[int], reached: Sequence[int], scale: Scale) -> Iterator[Box]:
    count = len(tops)
    left, width = _bar(count)
    for place, (top, reach) in enumerate(zip(tops, reached, strict=True)):
        height = scale.y(top) - scale.y(reach)
        if height > 1:
            x, share = (place * SLOT + left) / count, width / count
            yield Box(round(x, 3), scale.y(reach), round(share, 3), height)


def _slot(place: int, count: int) -> Box:
    return Box(round(100 * place / count, 3), READOUT, round(100 / count, 3), BARS)


def _ghost(last: Sequence[int | None], scale: Scale) -> str:
    """Return the last cycle's days as a stepped line, broken where there are none."""
    found: list[str] = []
    was_drawn = False
    for place, cents in enumerate(last):
        if cents is not None:
            y = scale.y(cents) - READOUT
            found.append(f"V{y}" if was_drawn else f"M{place * SLOT} {y}")
            found.append(f"H{(place + 1) * SLOT}")
        was_drawn = cents is not None
    return "".join(found)
