"""What only the clock can tell: a bill past due, and a card that expires, each once."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import note_failure
from dashboard.billing.reminding import due_day, expires_at, mail_expiring_cards, mail_reminders
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from tests.support.bill_mails import (
    BILLING,
    invoice,
    issue,
    letter,
    mailed,
    mails_on,
    organization,
    why_not,
)
from tests.support.credit_notes import hear, plan
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER

__all__ = ["invoice", "mails_on", "organization"]
DAY = timedelta(days=1)
DUE = LATER + 14 * DAY


@pytest.fixture
def late(invoice: Invoice) -> Invoice:
    """A sent invoice, of an organization that is reminded after 3 and 7 days."""
    invoice.organization.reminder_days = [3, 7]
    issue(invoice, due_date=int(DUE.timestamp()))
    db.session.flush()
    return invoice


def reminded(at: datetime) -> int:
    """Let the clock look; return how many reminders there are now."""
    db.session.flush()
    mail_reminders(now=at)
    return [kind for kind, _ in mailed()].count("reminder")


def test_a_reminder_comes_on_each_day_once(late: Invoice) -> None:
    looks = [(2, 0), (3, 1), (3, 1), (6, 1), (7, 2), (8, 2), (10, 2), (60, 2)]
    for days, number in looks:
        assert reminded(DUE + days * DAY) == number, days


def test_a_reminder_says_since_when_and_how_much(late: Invoice) -> None:
    reminded(DUE + 3 * DAY)
    said = letter("reminder", now=DUE + 3 * DAY)
    assert said.subject == "Past due: invoice F-0001 for Acme, $25.61"
    assert "$25.61 has been due since 10 May 2026, 3 days ago." in said.text


def test_a_clock_that_stood_still_makes_up_for_no_more_than_three_days() -> None:
    assert due_day([3, 7], DUE, DUE + 2 * DAY) is None
    assert due_day([3, 7], DUE, DUE + 6 * DAY) == 3
    assert due_day([3, 7], DUE, DUE + 6 * DAY + timedelta(seconds=1)) is None
    assert due_day([3, 4], DUE, DUE + 5 * DAY) == 4


def test_nobody_is_reminded_unless_support_says_so(late: Invoice) -> None:
    late.organization.reminder_days = []
    assert reminded(DUE + 3 * DAY) == 0


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
def test_what_is_settled_is_reminded_of_neither_then_nor_at_sending(
    late: Invoice, status: str
) -> None:
    assert reminded(DUE + 3 * DAY) == 1
    tell(late, status, DUE + 3 * DAY)
    assert "before it was sent" in why_not("reminder", now=DUE + 3 * DAY)
    assert reminded(DUE + 7 * DAY) == 1


def test_what_a_credit_note_took_off_whole_is_not_reminded_of(late: Invoice) -> None:
    assert reminded(DUE + 3 * DAY) == 1
    hear(plan(late, 2561))
    late.amount_remaining_cents = 0
    assert "Nothing was left to pay" in why_not("reminder", now=DUE + 3 * DAY)
    assert reminded(DUE + 7 * DAY) == 1


def test_a_day_that_was_taken_off_meanwhile_is_not_sent(late: Invoice) -> None:
    reminded(DUE + 3 * DAY)
    late.organization.reminder_days = [7]
    assert "turned off" in why_not("reminder", now=DUE + 3 * DAY)


def test_a_bill_that_is_charged_is_past_due_once_an_attempt_failed(invoice: Invoice) -> None:
    invoice.organization.reminder_days = [3]
    issue(invoice)
    assert reminded(LATER + 3 * DAY) == 0
    note_failure(invoice, 1, "Declined.", at=LATER)
    assert invoice.finalized_at is not None
    assert reminded(invoice.finalized_at + 3 * DAY) == 1


CARD = {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2026}


def test_a_card_in_its_last_month_is_told_of_once(
    organization: Organization, mails_on: None
) -> None:
    organization.payment_method = CARD
    db.session.flush()
    for at, number in (
        (datetime(2026, 3, 31, tzinfo=UTC), 0),
        (datetime(2026, 4, 1, 1, tzinfo=UTC), 1),
        (datetime(2026, 4, 20, tzinfo=UTC), 1),
        (datetime(2026, 5, 1, tzinfo=UTC), 1),
    ):
        mail_expiring_cards(now=at)
        assert mailed() == [("card_expiring", BILLING)] * number, at
    said = letter("card_expiring", now=datetime(2026, 4, 2, tzinfo=UTC))
    assert said.subject == "Visa ending 4242 for Acme expires in April 2026"
    organization.payment_method = CARD | {"exp_year": 2029}
    db.session.flush()
    assert "replaced" in why_not("card_expiring", now=datetime(2026, 4, 2, tzinfo=UTC))


def test_nobody_is_told_of_a_card_that_is_not_charged(
    organization: Organization, mails_on: None
) -> None:
    organization.payment_method = CARD
    organization.collection_method, organization.days_until_due = "send_invoice", 14
    db.session.flush()
    assert mail_expiring_cards(now=datetime(2026, 4, 20, tzinfo=UTC)) == 0


@pytest.mark.parametrize(
    ("card", "at"),
    [
        (None, None),
        ({}, None),
        ({"exp_month": None, "exp_year": 2026}, None),
        ({"exp_month": 12, "exp_year": 2026}, datetime(2027, 1, 1, tzinfo=UTC)),
        ({"exp_month": 1, "exp_year": 2027}, datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_card_is_good_to_the_end_of_its_month(card: object, at: datetime | None) -> None:
    assert expires_at(card) == at
