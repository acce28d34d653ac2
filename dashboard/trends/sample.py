"""Note the figures of the whole, and read those of the last day.

Every figure reads an index of few rows, so a sample costs the same however many bills there are;
only the organizations are counted, along their key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, delete, extract, func, or_, select, union
from sqlalchemy.types import Double

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import WAITS
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.fleet import LATE
from dashboard.sync.models import AddedLine
from dashboard.trends.models import FleetSample
from dashboard.usage.models import UsageWaiting
from dashboard.webhooks.models import WebhookEvent

DAY = timedelta(days=1)
KEPT = 3 * DAY
# Of Stripe's events the newest ones speak for the last minutes.
EVENTS, RECENT = 2000, timedelta(minutes=10)
UNFINISHED = ("draft", "closing", "sealed")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the sample is told of the machine: today's calls to Stripe, and the jobs that failed.

    `calls_per_second` may be sent. None where it cannot be read.
    """

    calls: int | None
    calls_per_second: int
    failed_jobs: int | None


def sample(machine: Machine, *, every: timedelta, now: datetime) -> FleetSample:
    """Note the figures as they are now, and forget those of long ago.

    `every` is how often a changed invoice is synced.
    """
    before = db.session.scalar(select(FleetSample).order_by(FleetSample.at.desc()).limit(1))
    row = db.session.execute(select(*_figures(now))).one()
    organizations, unequal, usage_since, due_at, events = row
    noted = FleetSample(
        at=now,
        organizations=organizations,
        unequal=unequal,
        usage_seconds=_seconds(usage_since, now),
        told_seconds=every.total_seconds() + _seconds(due_at, now),
        events_seconds=events,
        calls=machine.calls,
        calls_percent=calls_percent(machine, before, now=now),
        failed_jobs=machine.failed_jobs,
    )
    db.session.add(noted)
    db.session.execute(delete(FleetSample).where(FleetSample.at < now - KEPT))
    return noted


def calls_percent(machine: Machine, before: FleetSample | None, *, now: datetime) -> float | None:
    """Return the calls since the sample before, in percent of what could have been sent."""
    if machine.calls is None or before is None or before.calls is None:
        return None
    midnight = datetime.combine(now.astimezone(UTC), datetime.min.time(), UTC)
    is_same_day = before.at >= midnight
    made = machine.calls - (before.calls if is_same_day else 0)
    seconds = (now - max(before.at, midnight)).total_seconds()
    if seconds <= 0 or made < 0:
        return None
    return min(100 * made / (seconds * machine.calls_per_second), 100.0)


def samples(*, now: datetime) -> Sequence[FleetSample]:
    """Return the last day's samples, oldest first, after the last one of the day before."""
    last_before = (
        select(func.max(FleetSample.at)).where(FleetSample.at < now - DAY).scalar_subquery()
    )
    since = func.coalesce(last_before, now - DAY)
    query = select(FleetSample).where(FleetSample.at >= since).order_by(FleetSample.at)
    return db.session.scalars(query).all()


def _figures(now: datetime) -> list[ColumnElement[Any]]:
    unequal = _unequal(now).subquery("unequal")
    return [
        select(func.count()).select_from(Organization).scalar_subquery(),
        select(func.count()).select_from(unequal).scalar_subquery(),
        select(func.min(UsageWaiting.received_at)).scalar_subquery(),
        _next_due().scalar_subquery(),
        _events(now).scalar_subquery(),
    ]


def _unequal(now: datetime) -> Any:
    """Return the query of the unfinished invoices that are not as they should be at Stripe."""
    late = _dirty().where(Invoice.next_sync_at < now - LATE)
    is_unfinished = Invoice.status.in_(UNFINISHED)
    parked = select(Invoice.id).where(Invoice.parked_at.is_not(None), is_unfinished)
    failing = select(Invoice.id).where(Invoice.sync_failures > 1, is_unfinished)
    holds = or_(AddedLine.decision.is_(None), AddedLine.decision == "leave")
    held = (
        select(Invoice.id)
        .join(AddedLine, AddedLine.invoice_id == Invoice.id)
        .where(holds, is_unfinished)
    )
    return union(late, parked, failing, held)


def _dirty() -> Select[Any]:
    return select(Invoice.id).where(
        Invoice.status.in_(("draft", "closing")),
        Invoice.next_sync_at.is_not(None),
        Invoice.revision > Invoice.synced_revision,
        Invoice.billed_with != WAITS,
    )


def _next_due() -> Select[Any]:
    """Return the query of when the sync was due that waits longest."""
    due = _dirty().with_only_columns(Invoice.next_sync_at, maintain_column_froms=True)
    return due.order_by(Invoice.next_sync_at).limit(1)


def _events(now: datetime) -> Select[Any]:
    """Return the query of how long 95 of 100 of the newest events took, in seconds."""
    answered_at = func.coalesce(WebhookEvent.handled_at, now)
    took = extract("epoch", answered_at - WebhookEvent.received_at)
    newest = (
        select(cast(took, Double).label("seconds"))
        .where(WebhookEvent.received_at > now - RECENT)
        .order_by(WebhookEvent.received_at.desc())
        .limit(EVENTS)
        .subquery("newest")
    )
    return select(func.percentile_cont(0.95).within_group(newest.c.seconds))


def _seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
