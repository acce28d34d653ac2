"""The figures of the whole over a day, each as a line that leads to its list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import url_for

from dashboard.trends.models import FleetSample
from dashboard.trends.sample import DAY
from dashboard.views.formatting import DASH

WIDTH, HEIGHT, TOP, BOTTOM = 132, 30, 3, 27
# So many points fit into the width of one, each the worst of its half hour.
POINTS = 48
NEAR_ALL = 99.0

Figure = Callable[[FleetSample], float | None]
Written = Callable[[float], tuple[str, str]]


class Trend(NamedTuple):
    """One figure: how it is now, how it was a day ago, and the line between."""

    name: str
    value: str
    unit: str
    note: str
    address: str
    line: str

    @property
    def area(self) -> str:
        """The same line with the room below it; nothing without a line."""
        return f"{self.line}V{HEIGHT}H{self.line[1:].split(' ', 1)[0]}Z" if self.line else ""

    @property
    def title(self) -> str:
        """What the drawing says."""
        return f"{self.name}: {self.value}{self.unit and ' ' + self.unit}; the last 24 hours"


class _Kind(NamedTuple):
    name: str
    figure: Figure
    written: Written
    endpoint: str
    is_share: bool = False


def trends_of(samples: Sequence[FleetSample], *, now: datetime) -> list[Trend]:
    """Return every figure with its line; none before the first sample."""
    if not samples:
        return []
    return [_trend(kind, samples, now) for kind in _KINDS]


def bills_sentence(samples: Sequence[FleetSample]) -> str:
    """Return how many bills are equal with Stripe, and when that was seen; nothing if never."""
    if not samples:
        return ""
    last = samples[-1]
    many, checked = f"{last.organizations:,}", f"checked at {last.at:%H:%M} UTC."
    if last.unequal == 0:
        return f"All {many} bills are equal with Stripe, {checked}"
    return f"{last.organizations - last.unequal:,} of {many} bills are equal with Stripe, {checked}"


def line_of(points: Sequence[tuple[float, float]], *, is_share: bool = False) -> str:
    """Return the path through points of a share of the day and a figure; none through one point.

    From zero up, but for a share near all of it: there the last hundredth is what is looked at.
    """
    if len(points) < 2:
        return ""
    values = [value for _, value in points]
    low, high = (min(NEAR_ALL, *values), 100.0) if is_share else (0.0, max(*values, 1e-9))
    step = (BOTTOM - TOP) / (high - low or 1)
    drawn = (f"{at * WIDTH:.1f} {BOTTOM - (value - low) * step:.1f}" for at, value in points)
    return "M" + "L".join(drawn)


def duration(seconds: float) -> tuple[str, str]:
    """Return how long something takes, and in which unit: 38 s, 4.2 min, 1.5 h."""
    if seconds < 60:
        return f"{max(seconds, 0.1):.{1 if seconds < 9.95 else 0}f}".removesuffix(".0"), "s"
    whole, unit = (seconds / 60, "min") if seconds < 5400 else (seconds / 3600, "h")
    return f"{whole:.1f}".removesuffix(".0"), unit


def _trend(kind: _Kind, samples: Sequence[FleetSample], now: datetime) -> Trend:
    last = kind.figure(samples[-1])
    value, unit = kind.written(last) if last is not None else (DASH, "")
    points = _points(kind, samples, now)
    return Trend(
        kind.name,
        value,
        unit,
        _note(kind, samples[0], now),
        url_for(kind.endpoint),
        line_of(points, is_share=kind.is_share),
    )


def _points(
    kind: _Kind, samples: Sequence[FleetSample], now: datetime
) -> list[tuple[float, float]]:
    """Return the worst figure of each half hour, by where in the day it is."""
    worst = min if kind.is_share else max
    found: dict[int, float] = {}
    for one in samples:
        figure = kind.figure(one)
        at = 1 - (now - one.at) / DAY
        if figure is None or at < 0:
            continue
        slot = min(int(at * POINTS), POINTS - 1)
        found[slot] = worst(found.get(slot, figure), figure)
    return [(slot / (POINTS - 1), figure) for slot, figure in found.items()]


def _note(kind: _Kind, first: FleetSample, now: datetime) -> str:
    """Return how it was a day ago, if that is known."""
    then = kind.figure(first) if now - first.at >= DAY else None
    if then is None:
        return "no figure for yesterday yet"
    value, unit = kind.written(then)
    return f"{value}{unit if unit.startswith('%') else ' ' + unit} yesterday".replace("  ", " ")


def _share(percent: float) -> tuple[str, str]:
    shown = f"{percent:.3f}".rstrip("0").rstrip(".")
    # What is not all is never shown as all.
    return ("99.999" if shown == "100" and percent < 100 else shown), "%"


def _of_limit(percent: float) -> tuple[str, str]:
    return f"{percent:.0f}", "% of limit"


def _whole(number: float) -> tuple[str, str]:
    return f"{number:,.0f}", ""


_KINDS = (
    _Kind("Equal with Stripe", lambda one: one.equal_percent, _share, "organizations.index", True),
    _Kind("Usage counted within", lambda one: max(one.usage_seconds, 1), duration, "fleet.show"),
    _Kind("Sent to Stripe within", lambda one: one.told_seconds, duration, "sync_runs.index"),
    _Kind("Events answered within", lambda one: one.events_seconds, duration,
          "webhook_events.index"),
    _Kind("Calls to Stripe", lambda one: one.calls_percent, _of_limit, "stripe_calls.show"),
    _Kind("Failed jobs", lambda one: one.failed_jobs, _whole, "work.show"),
)  # fmt: skip
