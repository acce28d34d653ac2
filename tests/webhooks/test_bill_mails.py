"""Whatever order Stripe's events come in, and however often, each is mailed at most once."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.write import letter_of
from dashboard.mail.bills import HEARD_LATE
from dashboard.mail.models import Mail
from tests.support.bill_mails import mails_on
from tests.support.inbox import deliver, finalize, told
from tests.support.syncing import Syncer

__all__ = ["mails_on"]


@pytest.fixture
def issued(mails_on: None, bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill that was finalized by us, of which a mail was written."""
    finalize(syncer, bill, a=4000)
    return bill


def kinds(invoice: Invoice) -> list[str]:
    """Return the kinds of the mails about it that would be sent."""
    db.session.expire_all()
    query = select(Mail).where(Mail.invoice_id == invoice.id).order_by(Mail.kind)
    return [mail.kind for mail in db.session.scalars(query) if mail.state == "waits"]


def sent() -> list[str]:
    """Return the kinds that are still true when they are sent."""
    found, now = [], utc_now() + timedelta(minutes=2)
    for mail in db.session.scalars(select(Mail).order_by(Mail.kind)):
        try:
            letter_of(mail, now=now)
        except NotNeeded:
            continue
        found.append(mail.kind)
    return found


def test_an_invoice_that_we_finalize_is_mailed_with_it(issued: Invoice) -> None:
    assert kinds(issued) == ["invoice_ready"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_life_in_any_order_and_twice_is_mailed_once_each(
    issued: Invoice, syncer: Syncer, order: tuple[int, ...]
) -> None:
    at = int(utc_now().timestamp())
    paid = {"status": "paid", "amount_paid": 4000, "amount_remaining": 0, "attempt_count": 2}
    life = [
        told(syncer, issued, "invoice.finalized", at),
        told(syncer, issued, "invoice.payment_failed", at + 1, attempt_count=1),
        told(syncer, issued, "invoice.payment_action_required", at + 2, attempt_count=2),
        told(syncer, issued, "invoice.paid", at + 3, **paid),
    ]
    for number, place in enumerate((*order, *order)):
        deliver(syncer, life[place] | {"id": f"evt_{number}"})
    found = kinds(issued)
    assert len(found) == len(set(found))
    # Whatever was written before it was known to be paid is no longer sent.
    assert sent() == ["invoice_ready", "receipt"]


def test_an_attempt_that_fails_again_is_mailed_by_its_last(issued: Invoice, syncer: Syncer) -> None:
    at = int(utc_now().timestamp())
    for attempt in (1, 2, 1, 2):
        body = told(syncer, issued, "invoice.payment_failed", at + attempt, attempt_count=attempt)
        deliver(syncer, body)
    assert kinds(issued).count("payment_failed") == 2
    assert sent() == ["invoice_ready", "payment_failed"]


def test_a_failure_of_last_week_is_listed_and_not_sent(issued: Invoice, syncer: Syncer) -> None:
    long_ago = int((utc_now() - timedelta(days=7)).timestamp())
    deliver(syncer, told(syncer, issued, "invoice.payment_failed", long_ago, attempt_count=1))
    [mail] = db.session.scalars(select(Mail).where(Mail.kind == "payment_failed"))
    assert (mail.state, mail.problem) == ("given_up", HEARD_LATE)


def test_a_payment_to_confirm_is_mailed_with_the_link(issued: Invoice, syncer: Syncer) -> None:
    at = int(utc_now().timestamp())
    deliver(syncer, told(syncer, issued, "invoice.payment_action_required", at, attempt_count=1))
    deliver(syncer, told(syncer, issued, "invoice.payment_failed", at, attempt_count=1))
    assert sent() == ["action_required", "invoice_ready"]
    [mail] = db.session.scalars(select(Mail).where(Mail.kind == "action_required"))
    said = letter_of(mail, now=utc_now())
    assert "until you confirm it with your bank" in said.text
    # By way of an address of ours: Stripe's own ends some weeks after the due date.
    assert "/pay?secret=" in said.text
