"""What was told of an organization's budget and usage, and what is unusual everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select

from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import Slice, slice_of

MOST_ALERTS = 24
MOST_EPISODES = 12


class OpenAnomaly(NamedTuple):
    """An episode of unusual usage that goes on, with whose it is; `times` as in 3.2."""

    id: int
    slug: str
    name: str
    product: str
    began_on: date
    last_on: date
    times: str
    above_cents: int
    cents: int
    currency: str
    service_label: str | None
    noted_at: datetime


def open_anomalies(*, most: int = 50) -> list[OpenAnomaly]:
    """Return the episodes that go on, the newest first: one statement, of few rows by an index."""
    query = (
        select(UnusualUsage, Organization.slug, Organization.name)
        .join(Organization, Organization.id == UnusualUsage.organization_id)
        .where(UnusualUsage.ended_on.is_(None))
        .order_by(UnusualUsage.noted_at.desc(), UnusualUsage.id.desc())
        .limit(most)
    )
    return [_open(*row) for row in db.session.execute(query)]


def alerts_of(organization_id: int, *, before: int | None = None) -> Slice[BudgetAlert]:
    """Return what an organization's bills reached of its budgets, newest first, below `before`."""
    query = select(BudgetAlert).where(BudgetAlert.organization_id == organization_id)
    if before is not None:
        query = query.where(BudgetAlert.id < before)
    rows = db.session.scalars(query.order_by(BudgetAlert.id.desc()).limit(MOST_ALERTS + 1)).all()
    return slice_of(rows, MOST_ALERTS)


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


def _open(episode: UnusualUsage, slug: str, name: str) -> OpenAnomaly:
    return OpenAnomaly(
        episode.id,
        slug,
        name,
        episode.product,
        episode.began_on,
        episode.last_on,
        episode.times,
        episode.above_cents,
        episode.cents,
        episode.currency,
        episode.service_label,
        episode.noted_at,
    )
