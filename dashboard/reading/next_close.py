"""The next time that many cycles end at once, and what that will ask of Stripe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import QueryableAttribute

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.paging import Counted
from dashboard.sync.counts import Figures, Rows, count

# A verified final sync whose draft is at Stripe: update the lines, read them, finalize.
# A draft that Stripe does not have yet takes one more; one without changes, one less.
CALLS_OF_A_CLOSE = 3
# Cycles that end this soon after the first still wait for its calls, so they are one close.
TOGETHER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NextClose:
    """How many invoices end within the hour from `begins_at` on."""

    begins_at: datetime
    invoices: Counted

    @property
    def calls(self) -> int:
        """About how many calls to Stripe their final syncs are, at the least."""
        return self.invoices.number * CALLS_OF_A_CLOSE

    def seconds(self, *, calls_per_second: int) -> int:
        """Return how long those calls take at the limit, rounded up to whole seconds."""
        return math.ceil(self.calls / calls_per_second)


def next_close() -> NextClose | None:
    """Return the close that is next, or under way if its time has come; None without a cycle."""
    begins_at = db.session.scalar(_drafts(func.min(Invoice.period_end)))
    if begins_at is None:
        return None
    return NextClose(begins_at, count(closing_figures())["closing_next"])


def closing_figures() -> Figures:
    """Return what is counted: the drafts whose cycles end with the first that does."""
    first = _drafts(func.min(Invoice.period_end)).scalar_subquery()
    return {"closing_next": _drafts(Invoice.id).where(Invoice.period_end < first + TOGETHER)}


def _drafts(what: ColumnElement[Any] | QueryableAttribute[Any]) -> Rows:
    return select(what).where(Invoice.status == "draft")
