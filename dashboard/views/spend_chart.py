"""What the templates of a spend chart are handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.reading.spend.model import Spend
from dashboard.reading.spend.read import GROUPS, RANGES, Wanted
from dashboard.views.formatting import day, money
from dashboard.views.spend_drawing import Box, Drawing, draw
from dashboard.views.spend_words import (
    Reading,
    Term,
    bar_title,
    last_words,
    proof_terms,
    readings,
)

HEADINGS = {
    "cycle": "Per day, before tax, days in UTC",
    "days": "Per day, before tax, days in UTC",
    "months": "Per cycle, before tax",
}
NOTHING = {
    "cycle": "No charges yet this cycle. Each day appears as it is charged.",
    "days": "No charges in these 30 days.",
    "months": "No charges yet.",
}
SUMS = {
    "cycle": "",
    "days": "in these 30 days, without one-off charges and credits.",
    "months": "on the invoices of these cycles, before tax.",
}


@dataclass(frozen=True, slots=True)
class SpendChart:
    """A chart: its numbers, their drawing and their words."""

    spend: Spend
    wanted: Wanted
    drawing: Drawing
    terms: Sequence[Term]

    @property
    def groups(self) -> Mapping[str, str]:
        """What it can be split by."""
        return GROUPS

    @property
    def ranges(self) -> Mapping[str, str]:
        """What time it can be of."""
        return RANGES

    @property
    def heading(self) -> str:
        """The words above the bars, while no bar is looked at."""
        return HEADINGS[self.wanted.over]

    @property
    def nothing(self) -> str:
        """What stands there instead of bars."""
        return NOTHING[self.wanted.over]

    @property
    def title(self) -> str:
        """What it shows, for who does not see it."""
        what = "Money per cycle" if self.spend.by_month else "Money per day"
        span = f"{day(self.spend.starts[0])} to {day(self.spend.starts[-1])}"
        more = ", with the running total" if self.spend.running else ""
        return f"{what} by {self.wanted.by}, {span}{more}."

    @property
    def total(self) -> str:
        """The sum of all bars, where no sum of the bill is told."""
        return f"{money(sum(self.spend.totals), self.spend.currency)} {SUMS[self.wanted.over]}"

    @property
    def days(self) -> Iterator[tuple[Box, Reading]]:
        """The place of each bar, and its line."""
        return zip(self.drawing.slots, readings(self.spend), strict=True)

    @property
    def has_last(self) -> bool:
        """Whether there is a last cycle beside it."""
        return bool(self.drawing.ghost)

    @property
    def last_words(self) -> str:
        """What that is called."""
        return last_words(self.spend)

    @property
    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """The table up to now: a name and the amounts of each bar."""
        spend = self.spend
        for bar, total in enumerate(spend.totals[: spend.today + 1]):
            cents = [*(series.cents[bar] for series in spend.series), total]
            shown: list[int | None] = [*cents, *([spend.last[bar]] if self.has_last else [])]
            if spend.running:
                shown.append(spend.running.cents[bar + 1])
            yield bar_title(spend, bar), [money(one, spend.currency) for one in shown]


def chart_of(spend: Spend, wanted: Wanted) -> SpendChart:
    """Return the chart that shows `spend`."""
    terms = proof_terms(spend.proof, spend.currency) if spend.proof else []
    return SpendChart(spend, wanted, draw(spend), terms)
