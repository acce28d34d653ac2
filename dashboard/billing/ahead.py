"""The closes that come: how many cycles end at an instant, for whoever plans for the busiest."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db


class Close(NamedTuple):
    """So many cycles end at that instant."""

    at: datetime
    cycles: int


def largest_closes(*, now: datetime, most: int) -> list[Close]:
    """Return the instants ahead at which the most cycles end, the most first."""
    cycles = func.count()
    query = (
        select(Invoice.period_end, cycles)
        .where(Invoice.status == "draft", Invoice.period_end > now)
        .group_by(Invoice.period_end)
        .order_by(cycles.desc(), Invoice.period_end)
        .limit(most)
    )
    return [Close(*row) for row in db.session.execute(query)]
