"""Which chart is asked for, and the statements that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dashboard.reading.expected import expected
from dashboard.reading.items import read_items
from dashboard.reading.opening import Draft
from dashboard.reading.spend.cycle import spend_of_invoice
from dashboard.reading.spend.model import Prospect, Spend
from dashboard.reading.spend.months import spend_of_cycles
from dashboard.reading.spend.rows import read_spend
from dashboard.reading.spend.window import CYCLES_BEFORE, first_instant, spend_of_days
from dashboard.reading.tag import FORECAST_MINUTES

RANGES = {"cycle": "Cycle", "days": "30 days", "months": "12 cycles"}
GROUPS = {"product": "Product", "service": "Service"}


class Wanted(NamedTuple):
    """A chart as an address names it."""

    by: str = "product"
    over: str = "cycle"

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Wanted:
        """Return what an address asks for; what it does not know is as if it was not said."""
        by, over = words.get("by", ""), words.get("range", "")
        return cls(by if by in GROUPS else cls().by, over if over in RANGES else cls().over)

    @property
    def by_service(self) -> bool:
        """Whether each service is to be told apart."""
        return self.by == "service"

    def words(self, **other: str) -> dict[str, Any]:
        """Return the words of an address for this chart, but for what is `other`; none if usual."""
        said = {"by": self.by, "range": self.over} | other
        usual = {"by": Wanted().by, "range": Wanted().over}
        return {name: value for name, value in said.items() if value != usual[name]}


def tag_of_spend(draft: Draft, wanted: Wanted, *, now: datetime) -> str:
    """Return the name of the state that a chart shows: equal names mean equal charts.

    What is expected moves with the clock, as the forecast does.
    """
    minutes = int(now.timestamp()) // (FORECAST_MINUTES * 60)
    facts = (draft.invoice.id, draft.invoice.revision, minutes, draft.budget_cents, *wanted)
    return ".".join(map(str, facts))


def spend_of(draft: Draft, wanted: Wanted, *, now: datetime) -> Spend:
    """Return what the chart shows; three statements at most, and rarely two more."""
    invoice = draft.invoice
    if wanted.over == "days":
        rows = read_spend(
            invoice,
            cycles_before=CYCLES_BEFORE,
            by_service=wanted.by_service,
            since=first_instant(now),
        )
        return spend_of_days(rows, invoice.currency, by_service=wanted.by_service, now=now)
    ahead = _prospect(draft, now)
    if wanted.over == "months":
        return spend_of_cycles(invoice, ahead, by_service=wanted.by_service, now=now)
    rows = read_spend(invoice, cycles_before=1, by_service=wanted.by_service)
    return spend_of_invoice(invoice, rows, ahead, by_service=wanted.by_service, now=now)


def _prospect(draft: Draft, now: datetime) -> Prospect:
    """Return what is likely at the end, and what of the cycle's budget earlier invoices left."""
    budget = draft.budget_cents
    if budget is not None:
        budget -= draft.around.earlier_cents
    found = expected(
        draft.invoice, read_items(draft.invoice.id, with_lines=False), draft.around, now=now
    )
    if found.is_too_early:
        return Prospect(None, None, None, budget)
    return Prospect(found.likely_cents, found.low_cents, found.high_cents, budget)
