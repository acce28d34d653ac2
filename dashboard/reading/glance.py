"""A bill at a glance: what the last days cost, and what it will come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dashboard.billing.forecast import Forecast
from dashboard.reading.expected import expected
from dashboard.reading.items import read_items
from dashboard.reading.opening import Draft
from dashboard.reading.spend.rows import read_spend
from dashboard.reading.spend.window import CYCLES_BEFORE, first_instant, spend_of_days

DAYS = 14


class Glance(NamedTuple):
    """What each of the last days cost, today last, in minor units, and the forecast.

    `is_part`: of the rest of a cycle that was rolled early.
    """

    cents: Sequence[int]
    currency: str
    forecast: Forecast
    is_part: bool = False


def glance_of(draft: Draft, *, now: datetime) -> Glance:
    """Return what is shown; two statements, and rarely two more."""
    invoice = draft.invoice
    rows = read_spend(
        invoice, cycles_before=CYCLES_BEFORE, by_service=False, since=first_instant(now)
    )
    spend = spend_of_days(rows, invoice.currency, by_service=False, now=now)
    found = read_items(invoice.id, with_lines=False)
    forecast = expected(invoice, found, draft.around, now=now)
    return Glance(spend.totals[-DAYS:], invoice.currency, forecast, draft.is_part)
