"""Usage as a test that is about something else wants it: on the bill at once."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.billing.fold import fold
from dashboard.usage.entry import BatchResult, UsageEntry
from dashboard.usage.record import record_batch as accept_batch
from dashboard.usage.waiting import organizations_waiting


def record_batch(entries: Sequence[UsageEntry], *, now: datetime) -> BatchResult:
    """Record a batch, and count it as whoever reads the bill does."""
    result = accept_batch(entries, now=now)
    fold(organizations_waiting(most=1000), now=now)
    return result
