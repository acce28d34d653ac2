"""Usage as tests report it: on the bill at once, or accepted only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.fold import fold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.services.detach import Detachment, detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch as accept_batch
from dashboard.usage.reported import BatchResult, ReportedRecord
from dashboard.usage.waiting import organizations_waiting
from tests.factories import NOW, SUPPORT


def record_batch(entries: Sequence[ReportedRecord], *, now: datetime) -> BatchResult:
    """Record a batch, and count it as whoever reads the bill does."""
    result = accept_batch(entries, now=now)
    fold(organizations_waiting(most=1000), now=now)
    return result


def accept(
    key: str = "a",
    quantity: str = "10",
    at: datetime = NOW - timedelta(days=1),
    now: datetime = NOW,
    slug: str = "acme",
) -> BatchResult:
    """Accept one record, which waits to be counted."""
    return accept_batch([ReportedRecord(slug, "requests", key, Decimal(quantity), at)], now=now)


def detach_the_one(at: datetime) -> Detachment:
    """End the only service that is attached, and return what came of it."""
    service = db.session.scalars(select(Service).where(Service.detached_at.is_(None))).one()
    return detach_service(service, at=at, now=NOW, actor=SUPPORT)


def use(slug: str, key: str, quantity: int) -> None:
    """Report usage of the bill's metered price."""
    now = utc_now()
    with transaction():
        record_batch(
            [ReportedRecord(slug, f"{slug}-requests", key, Decimal(quantity), now)], now=now
        )
