"""What the clock cannot close is held for a person, and tried again more rarely."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.stuck import STUCK, TRIED_AGAIN_AFTER, hold_stuck, is_to_be_tried, let_go
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from tests.support.billing import make_bill

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def bill(db: object) -> Invoice:
    """A draft."""
    return make_bill()


def is_tried(now: datetime) -> bool:
    """Return whether the clock would try the only invoice at that instant."""
    database.session.flush()
    return database.session.scalar(select(Invoice.id).where(is_to_be_tried(now))) is not None


def entries() -> list[AuditEntry]:
    """Return what the audit trail says of it."""
    query = select(AuditEntry).where(AuditEntry.action == "invoice.stuck")
    return list(database.session.scalars(query))


def test_it_says_what_failed_in_the_words_of_the_refusal(bill: Invoice) -> None:
    hold_stuck(bill.id, Conflict("The fee is too large."), now=NOW)
    assert (bill.parked_code, bill.parked_at) == (STUCK, NOW)
    assert "could not be closed on schedule. The fee is too large. Nothing" in str(
        bill.parked_reason
    )
    [entry] = entries()
    assert (entry.subject_id, entry.at) == (bill.id, NOW)
    assert entry.facts == {"status": "draft", "error": "The fee is too large."}


def test_of_an_unexpected_error_only_the_kind_is_said(bill: Invoice) -> None:
    hold_stuck(bill.id, ZeroDivisionError("secret"), now=NOW)
    assert "The error was ZeroDivisionError. Nothing" in str(bill.parked_reason)
    assert "secret" not in str(bill.parked_reason)


def test_the_quarter_of_an_hour_counts_from_the_last_try(bill: Invoice) -> None:
    assert is_tried(NOW)
    for tried_at in (NOW, LATER):
        hold_stuck(bill.id, ZeroDivisionError(), now=tried_at)
        assert bill.parked_at == tried_at
        assert not is_tried(tried_at + TRIED_AGAIN_AFTER - timedelta(seconds=1))
        assert is_tried(tried_at + TRIED_AGAIN_AFTER)
    assert len(entries()) == 1


def test_what_is_held_for_something_else_keeps_its_reason(bill: Invoice) -> None:
    put_on_hold(bill, "total_differs", "The totals differ.", now=NOW)
    hold_stuck(bill.id, ZeroDivisionError(), now=LATER)
    assert (bill.parked_code, bill.parked_at) == ("total_differs", NOW)
    assert (bill.parked_reason, entries()) == ("The totals differ.", [])
    assert is_tried(LATER)
    let_go(bill, now=NOW)
    assert bill.parked_code == "total_differs"


def test_let_go_it_is_held_no_longer(bill: Invoice) -> None:
    hold_stuck(bill.id, ZeroDivisionError(), now=NOW)
    let_go(bill, now=NOW)
    assert (bill.parked_code, bill.parked_at, bill.parked_reason) == (None, None, None)
    assert is_tried(NOW)
