"""What was told of a budget and of unusual usage, with who was mailed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, Select, String, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.extensions import db
from dashboard.mail.models import Mail
from dashboard.reading.timeline.happening import Alert, Happening, Unusual
from dashboard.reading.timeline.wanted import Window

SOURCE, UNUSUAL = "alerts", "unusual"
OF = frozenset({"alerts"})


def read_alerts(window: Window) -> list[Happening]:
    """Return the newest of what was told of the budget."""
    of = BudgetAlert
    query = _newest(window, of).with_only_columns(
        of.id, of.noted_at, of.kind, of.percent, of.budget_cents, of.cents, of.currency,
        of.crosses_at, *_mails(Mail.budget_alert_id, of.id),
    )  # fmt: skip
    return [
        Happening(alert.at, window.rank, alert.id, SOURCE, "alerts", alert)
        for alert in map(Alert._make, db.session.execute(query))
    ]


def read_unusual(window: Window) -> list[Happening]:
    """Return the newest of what was told of usage far from its habit."""
    of = UnusualUsage
    query = _newest(window, of).with_only_columns(
        of.id, of.noted_at, of.product, of.cents, of.habit_cents, of.currency,
        of.service_label, *_mails(Mail.unusual_usage_id, of.id),
    )  # fmt: skip
    return [
        Happening(one.at, window.rank, one.id, UNUSUAL, "alerts", one)
        for one in map(Unusual._make, db.session.execute(query))
    ]


def _newest(window: Window, of: type[BudgetAlert] | type[UnusualUsage]) -> Select[Any]:
    """Return the newest rows of a window."""
    theirs = of.organization_id == window.wanted.organization_id
    return (
        select(of)
        .where(theirs, *window.holds(of.noted_at, of.id))
        .order_by(of.noted_at.desc(), of.id.desc())
        .limit(window.size)
    )


def _mails(
    about: InstrumentedAttribute[int | None], row_id: InstrumentedAttribute[int]
) -> tuple[ScalarSelect[Any], ScalarSelect[Any]]:
    """Return the addresses that were mailed about a row, and those that were not, or not yet."""
    nobody = array([], type_=String)
    addresses = func.coalesce(func.array_agg(Mail.address), nobody, type_=ARRAY(String))
    every = select(addresses).where(about == row_id)
    return (
        every.where(Mail.sent_at.is_not(None)).scalar_subquery(),
        every.where(Mail.sent_at.is_(None)).scalar_subquery(),
    )
