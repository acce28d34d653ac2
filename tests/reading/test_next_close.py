"""The next close is the cycles that end with the first one; each is three calls to Stripe."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import paging
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.paging import Counted
from dashboard.reading.next_close import NextClose, closing_figures, next_close
from dashboard.sync import counts
from dashboard.sync.counts import recount
from dashboard.transaction import transaction
from tests.factories import NOW, make_organization
from tests.people import bill_of

ENDS = NOW + timedelta(days=20)


def ending(*ends: timedelta, status: str = "draft") -> None:
    """Let one new organization's cycle end so long after the first, for each."""
    with transaction():
        for number, after in enumerate(ends):
            bill: Invoice = bill_of(make_organization(f"{status}-{number}"))
            bill.period_end, bill.status = ENDS + after, status


@pytest.mark.usefixtures("db")
def test_without_a_cycle_there_is_no_close() -> None:
    assert next_close() is None


@pytest.mark.usefixtures("db")
def test_cycles_that_end_within_the_hour_are_one_close() -> None:
    ending(timedelta(0), timedelta(minutes=59), timedelta(hours=1), timedelta(days=3))
    assert next_close() == NextClose(ENDS, Counted(2))


@pytest.mark.usefixtures("db")
def test_what_is_closing_already_is_no_part_of_the_next() -> None:
    ending(-timedelta(hours=3), status="closing")
    ending(timedelta(0))
    assert next_close() == NextClose(ENDS, Counted(1))


@pytest.mark.usefixtures("db")
def test_of_a_large_fleet_the_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (paging, counts):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    ending(*[timedelta(0)] * 5)
    before = next_close()
    with transaction():
        recount(closing_figures(), now=NOW)
    assert before is not None
    assert before.invoices == Counted(2, is_more=True)
    assert next_close() == NextClose(ENDS, Counted(5, counted_at=NOW))
    db.session.rollback()


@given(st.integers(1, 100_000), st.integers(1, 1_000))
def test_a_close_is_not_told_shorter_than_its_calls_take(number: int, per_second: int) -> None:
    close = NextClose(ENDS, Counted(number))
    seconds = close.seconds(calls_per_second=per_second)
    assert (seconds - 1) * per_second < close.calls <= seconds * per_second
    assert close.calls == 3 * number
