"""Words around the bars of a spend chart: days below, what the lines mean beside them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from dashboard.reading.spend.model import Spend
from dashboard.views.spend_scale import Scale, apart
from dashboard.views.spend_words import last_words

TICKS = 7
NO_LABEL_WITHIN = 0.07
# Of a narrow screen, whose panel is four times as wide as "27 Nov, now": in the middle, at an end.
CROWDED_WITHIN, CROWDED_AT_ENDS = 0.27, 0.33
# Of a letter at eleven pixels, and of what lies between a label and the panel.
LETTER, MARGIN = 6.2, 14
NARROWEST, WIDEST = 44, 170


class Tick(NamedTuple):
    """A label of the axis below the bars; `is_spare` where there is little room."""

    x: float
    label: str
    anchor: str
    is_now: bool = False
    is_spare: bool = False


class Label(NamedTuple):
    """Words on the right."""

    y: int
    text: str


def ticks(spend: Spend) -> Iterator[Tick]:
    """Yield the labels of the axis: round steps, the ends, and now in place of what is near it."""
    count = len(spend.starts)
    step = next(one for one in (1, 2, 5, 7, 10, 15, count) if count / one <= TICKS)
    now = spend.today
    is_now_at_end = not NO_LABEL_WITHIN <= (now + 0.5) / count <= 1 - NO_LABEL_WITHIN
    crowded = count * (CROWDED_AT_ENDS if is_now_at_end else CROWDED_WITHIN)
    for place in sorted({*range(0, count, step), count - 1, now}):
        is_end = place == count - 1 and place % step
        is_near = abs(place - now) < count * NO_LABEL_WITHIN * 1.4 and place != now
        is_before_end = place != now and 0 < count - 1 - place < count * NO_LABEL_WITHIN
        if is_near or (is_before_end and not is_end):
            continue
        is_odd = bool(place // step % 2) and place != count - 1
        is_spare = place != now and (is_odd or abs(place - now) < crowded)
        yield _tick(spend, place, is_spare=is_spare)


def _tick(spend: Spend, place: int, *, is_spare: bool) -> Tick:
    count, is_now = len(spend.starts), place == spend.today
    middle = 100 * (place + 0.5) / count
    by_month, by_year = spend.by_month and _by_month(spend), is_by_year(spend.starts)
    label = bar_label(spend.starts[place], by_month=by_month, by_year=by_year)
    if is_now:
        label += ", now"
    if middle < 100 * NO_LABEL_WITHIN:
        return Tick(round(100 * place / count, 3), label, "start", is_now, is_spare)
    if middle > 100 * (1 - NO_LABEL_WITHIN):
        return Tick(round(100 * (place + 1) / count, 3), label, "end", is_now, is_spare)
    return Tick(round(middle, 3), label, "middle", is_now, is_spare)


def _by_month(spend: Spend) -> bool:
    """Whether no two bars begin in the same month, as those of weeks do."""
    return len({(one.year, one.month) for one in spend.starts}) == len(spend.starts)


def is_by_year(starts: Sequence[date]) -> bool:
    """Whether all bars begin in the same month, each of another year."""
    return len(starts) > 1 == len({one.month for one in starts})


def bar_label(start: date, *, by_month: bool, by_year: bool = False) -> str:
    """Return what the axis calls a bar: a day, or the month that a cycle begins in."""
    if not by_month:
        return f"{start:%-d %b}"
    return f"{start:%b %Y}" if start.month == 1 or by_year else f"{start:%b}"


def side_labels(spend: Spend, reached: Sequence[int], scale: Scale) -> list[Label]:
    """Return the words beside the last bar: what is expected, and the last cycle."""
    if spend.by_month or spend.running is None:
        return []
    found: list[tuple[int, str]] = []
    if spend.expected[-1]:
        found.append((scale.y(reached[-1]), "Expected"))
    if spend.last[-1] is not None:
        found.append((scale.y(spend.last[-1]), last_words(spend)))
    places = apart([y + 4 for y, _ in found], scale.top + 8, scale.top + scale.height)
    return [Label(y, text) for y, (_, text) in zip(places, found, strict=True)]


def wide(labels: Iterable[str]) -> int:
    """Return how many pixels the labels beside the panels take."""
    longest = max(map(len, labels), default=0)
    return min(max(round(longest * LETTER) + MARGIN, NARROWEST), WIDEST)
