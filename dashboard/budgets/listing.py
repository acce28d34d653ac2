"""What was told of an organization's budget and usage."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.paging import NEWEST_FIRST, Asked, Stretch

MOST_ALERTS = 24
MOST_EPISODES = 12


def alerts_of(organization_id: int, asked: Asked = NEWEST_FIRST) -> Stretch[BudgetAlert]:
    """Return some of what an organization's bills reached of its budgets."""
    query = select(BudgetAlert).where(BudgetAlert.organization_id == organization_id)
    return read_log(query, BudgetAlert.id, asked, size=MOST_ALERTS)


def alerts_in_cycle(organization_id: int, cycle_id: int, budget_cents: int) -> list[BudgetAlert]:
    """Return what a cycle's bill reached of this amount, in the order of the thresholds."""
    query = select(BudgetAlert).where(
        BudgetAlert.organization_id == organization_id,
        BudgetAlert.cycle_id == cycle_id,
        BudgetAlert.budget_cents == budget_cents,
    )
    return list(db.session.scalars(query.order_by(BudgetAlert.percent, BudgetAlert.id)))


def unusual_of(organization_id: int) -> Sequence[UnusualUsage]:
    """Return an organization's episodes of unusual usage, the newest first."""
    query = select(UnusualUsage).where(UnusualUsage.organization_id == organization_id)
    return db.session.scalars(query.order_by(UnusualUsage.id.desc()).limit(MOST_EPISODES)).all()
