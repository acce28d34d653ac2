"""The lower panel of the spend chart: the running total, what it is expected to be, the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from dashboard.currencies import minor_digits
from dashboard.money import round_minor
from dashboard.reading.spend.model import Prospect, Running, Spend
from dashboard.views.estimates import about, about_range
from dashboard.views.spend_scale import Scale, apart, axis_money
from dashboard.views.spend_words import last_words

HEADING, LINES, FOOT = 24, 132, 6
# A budget so many times above all else would make a flat line of it; it is told in words then.
FAR_ABOVE = 2


class Mark(NamedTuple):
    """A point, x in per cent."""

    x: float
    y: int


class Words(NamedTuple):
    """A label on the right; the strong one is what the chart comes to."""

    y: int
    text: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class RunningPanel:
    """What is drawn below; `top` is where its frame begins, `height` how high that is."""

    heading: int
    top: int
    height: int
    bottom: int
    lines: Sequence[tuple[int, str]]
    total: str
    last: str
    middle: str
    reach: str
    now: Mark
    budget: int | None
    budget_label: str
    budget_above: str
    cross: Mark | None
    labels: Sequence[Words]

    @property
    def amounts(self) -> list[str]:
        """What the axis says."""
        return [label for _, label in self.lines]

    @property
    def words(self) -> list[str]:
        """What stands on the right."""
        return [label.text for label in self.labels]


def running_panel(spend: Spend, *, top: int, slot: int) -> RunningPanel:
    """Return the panel whose heading begins at `top`; a bar is `slot` wide in its frame."""
    running, ahead = spend.running or Running([0], []), spend.ahead or Prospect(*[None] * 4)
    ends = [one for one in (ahead.likely, ahead.low, ahead.high) if one is not None]
    reached = [*running.cents, *running.last, *ends]
    is_far = ahead.budget is not None and ahead.budget > FAR_ABOVE * max(reached, default=0)
    budget = None if is_far else ahead.budget
    shown = reached if budget is None else [*reached, budget]
    scale = Scale.of(shown, spend.currency, top=top + HEADING, height=LINES)
    frame = _Frame(scale, slot, len(spend.starts), spend.today + spend.elapsed)
    owed = running.cents[-1]
    return RunningPanel(
        heading=top + 16,
        top=scale.top,
        height=LINES,
        bottom=scale.top + LINES + FOOT,
        lines=[(scale.y(one), scale.label(one)) for one in scale.lines],
        total=frame.path(frame.so_far(running.cents)),
        last=frame.path(list(enumerate(running.last))),
        middle=frame.to_come(owed, ahead.likely),
        reach=frame.reach(owed, ahead),
        now=Mark(frame.percent(frame.now), scale.y(owed)),
        budget=None if budget is None else scale.y(budget),
        budget_label="" if ahead.budget is None else f"Budget {_round(ahead.budget, spend)}",
        budget_above="above this chart" if is_far else "",
        cross=frame.cross(owed, ahead.likely, budget),
        labels=_labels(spend, running, ahead, scale),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where instants, counted in bars, and cents are; `now` is where the line has come to."""

    scale: Scale
    slot: int
    count: int
    now: float

    def percent(self, at: float) -> float:
        """Return an instant in per cent of the width."""
        return round(100 * at / self.count, 3)

    def path(self, points: Sequence[tuple[float, int]]) -> str:
        """Return a line through points."""
        return "L".join(("M" if not n else "") + self._at(*one) for n, one in enumerate(points))

    def so_far(self, cents: Sequence[int]) -> list[tuple[float, int]]:
        """Return the points of the running total: at each day's end, the last one now."""
        return [(min(place, self.now), one) for place, one in enumerate(cents)]

    def to_come(self, owed: int, likely: int | None) -> str:
        """Return the line from now to what is likely at the end."""
        if likely is None or self.now >= self.count:
            return ""
        return self.path([(self.now, owed), (self.count, likely)])

    def reach(self, owed: int, ahead: Prospect) -> str:
        """Return the outline of what is possible at the end."""
        if ahead.low is None or ahead.high is None or self.now >= self.count:
            return ""
        corners = [(self.now, owed), (self.count, ahead.high), (self.count, ahead.low)]
        return f"{self.path(corners)}z"

    def cross(self, owed: int, likely: int | None, budget: int | None) -> Mark | None:
        """Return where the likely line reaches the budget."""
        if likely is None or budget is None or not owed < budget <= likely:
            return None
        share = (budget - owed) / (likely - owed)
        at = self.now + share * (self.count - self.now)
        return Mark(self.percent(at), self.scale.y(budget))

    def _at(self, at: float, cents: int) -> str:
        return f"{round(at * self.slot)} {self.scale.y(cents) - self.scale.top}"


def _labels(spend: Spend, running: Running, ahead: Prospect, scale: Scale) -> list[Words]:
    found: list[tuple[int, list[tuple[str, bool]]]] = []
    owed = running.cents[-1]
    if ahead.likely is not None:
        # As the headline has them, which says the same of the same forecast.
        words = [(f"{about(ahead.likely, spend.currency, owed)} likely", True)]
        if ahead.low is not None and ahead.high is not None:
            words.append((about_range(ahead.low, ahead.high, spend.currency, owed), False))
        found.append((scale.y(ahead.likely), words))
    if running.last:
        words = [(f"{last_words(spend)} {_round(running.last[-1], spend)}", False)]
        found.append((scale.y(running.last[-1]), words))
    lines = [(y + 4, text, strong) for y, words in found for text, strong in words]
    places = apart([y for y, _, _ in lines], scale.top + 8, scale.top + LINES)
    return [Words(y, text, strong) for y, (_, text, strong) in zip(places, lines, strict=True)]


def _round(cents: int, spend: Spend) -> str:
    """Return an amount of many units without its decimals: a chart is read at a glance."""
    unit = 10 ** minor_digits(spend.currency)
    if abs(cents) >= 100 * unit:
        cents = round_minor(Fraction(cents, unit)) * unit
    return axis_money(cents, spend.currency)
