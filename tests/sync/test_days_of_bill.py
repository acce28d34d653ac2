"""The days of a bill as Stripe's draft names them: by the calendar its cycles are counted by."""

from datetime import UTC, datetime

import pytest

from dashboard.billing.models import Invoice
from dashboard.sync.stripe_draft import days_of_bill


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "2026-03-31 to 2026-04-30 (UTC)"),
        ("Europe/Berlin", "2026-04-01 to 2026-05-01 (Europe/Berlin)"),
    ],
)
def test_the_days_are_those_of_the_calendar(zone: str, words: str) -> None:
    start, end = (datetime(2026, month, day, 22, tzinfo=UTC) for month, day in ((3, 31), (4, 30)))
    assert days_of_bill(Invoice(period_start=start, period_end=end), zone) == words
