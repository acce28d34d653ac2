"""Whether the whole fleet is in step, in a handful of counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.models import ACTIVE, SyncRun

DAY = timedelta(days=1)
# A sync this late was not merely spread over the hour.
LATE = timedelta(minutes=5)
MOST = 20


@dataclass(frozen=True, slots=True)
class InvoiceCounts:
    """Invoices that are not finished, by what they wait for; parked ones may be issued already."""

    drafts: int
    dirty: int
    late: int
    closing: int
    sealed: int
    parked: int


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Runs of the last day and the calls they made."""

    active: int
    succeeded: int
    failed: int
    calls: int


def invoice_counts(*, now: datetime) -> InvoiceCounts:
    """Count the invoices that somebody or something has yet to see to; one query."""
    dirty = Invoice.revision > Invoice.synced_revision
    row = db.session.execute(
        select(
            func.count().filter(Invoice.status == "draft"),
            func.count().filter(Invoice.status.in_(("draft", "closing")), dirty),
            func.count().filter(
                Invoice.status.in_(("draft", "closing")), dirty, Invoice.next_sync_at < now - LATE
            ),
            func.count().filter(Invoice.status == "closing"),
            func.count().filter(Invoice.status == "sealed"),
            func.count().filter(Invoice.parked_at.is_not(None)),
        ).where(
            or_(Invoice.status.in_(("draft", "closing", "sealed")), Invoice.parked_at.is_not(None))
        )
    ).one()
    return InvoiceCounts(*row)


def run_counts(*, now: datetime) -> RunCounts:
    """Count the runs of the last day; one query."""
    row = db.session.execute(
        select(
            func.count().filter(SyncRun.state.in_(ACTIVE)),
            func.count().filter(SyncRun.state == "succeeded"),
            func.count().filter(SyncRun.state == "failed"),
            func.coalesce(func.sum(SyncRun.calls_made), 0),
        ).where(SyncRun.created_at > now - DAY)
    ).one()
    return RunCounts(*row)


def failing_invoices() -> Sequence[Invoice]:
    """Return the invoices whose syncs fail again and again, the worst first.

    They are tried less and less often, so somebody should look.
    """
    query = (
        select(Invoice)
        .where(Invoice.sync_failures > 1, Invoice.status.in_(("draft", "closing", "sealed")))
        .order_by(Invoice.sync_failures.desc(), Invoice.id)
        .limit(MOST)
        .options(joinedload(Invoice.organization))
    )
    return db.session.scalars(query).all()
