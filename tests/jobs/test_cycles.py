"""One bad invoice is in nobody's way but its own, and a person is told of it."""

from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select, text

from dashboard.billing.close import due_to_seal
from dashboard.billing.models import Invoice
from dashboard.billing.roll import due_to_roll
from dashboard.billing.stuck import STUCK, TRIED_AGAIN_AFTER
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.sync.request import due_for_sync
from dashboard.transaction import transaction
from jobs.cycles import roll_one, seal_due
from tests.support.billing import make_bill, put
from tests.support.needs import on_hold

pytestmark = pytest.mark.usefixtures("db", "redis")

BREAK = """
    create function break_one() returns trigger language plpgsql as $$
    begin
      if new.id = {id} and new.status = '{status}' and old.status <> '{status}' then
        perform 1 / 0;
      end if;
      return new;
    end $$;
    create trigger break_one before update on invoices
      for each row execute function break_one()
"""


@pytest.fixture
def breaks():
    """Let the database refuse that an invoice comes to a status."""

    def let(invoice: Invoice, status: str) -> None:
        with transaction():
            db.session.execute(text(BREAK.format(id=invoice.id, status=status)))

    yield let
    db.session.rollback()
    mend()


def mend() -> None:
    with transaction():
        db.session.execute(text("drop trigger if exists break_one on invoices"))
        db.session.execute(text("drop function if exists break_one"))


def closing(slug: str) -> Invoice:
    """Return an invoice whose grace is over."""
    bill = make_bill(slug)
    put(bill, a=4000)
    with transaction():
        bill.status, bill.seal_after_at = "closing", utc_now() - timedelta(minutes=1)
    return bill


def test_one_invoice_that_can_not_be_sealed_keeps_no_other_from_it(redis: Redis, breaks) -> None:
    bills = [closing(slug) for slug in ("acme", "globex", "initech")]
    breaks(bills[1], "sealed")
    seal_due()
    assert [bill.status for bill in bills] == ["sealed", "closing", "sealed"]
    runs = db.session.scalars(select(SyncRun.invoice_id).order_by(SyncRun.invoice_id))
    assert list(runs) == [bills[0].id, bills[2].id]
    assert bills[1].parked_code == STUCK
    assert "DataError" in str(bills[1].parked_reason)
    assert on_hold() == [str(bills[1].id)]


def test_what_is_stuck_is_tried_again_after_a_while_and_goes_on_once_it_can(breaks) -> None:
    bill = closing("acme")
    breaks(bill, "sealed")
    seal_due()
    now = utc_now()
    assert due_to_seal(now=now, most=9) == []
    assert due_to_seal(now=now + TRIED_AGAIN_AFTER, most=9) == [bill.id]
    # Stripe may bill it by its own schedule, so it is kept in step.
    with transaction():
        bill.next_sync_at = now
    assert due_for_sync(now=now, most=9) == [bill.id]
    mend()
    with transaction():
        bill.parked_at = now - TRIED_AGAIN_AFTER
    seal_due()
    assert (bill.status, bill.parked_at, bill.parked_code) == ("sealed", None, None)


def test_a_cycle_that_can_not_be_rolled_is_told_and_tried_more_rarely(breaks) -> None:
    bill = make_bill("acme", days_left=-1)
    breaks(bill, "closing")
    roll_one(bill.organization_id)
    db.session.refresh(bill)
    assert (bill.status, bill.parked_code) == ("draft", STUCK)
    now = utc_now()
    assert due_to_roll(now=now, most=9) == []
    assert due_to_roll(now=now + TRIED_AGAIN_AFTER, most=9) == [bill.organization_id]
    mend()
    roll_one(bill.organization_id)
    db.session.refresh(bill)
    assert (bill.status, bill.parked_code) == ("closing", None)


def test_what_is_held_for_another_reason_keeps_its_sentence(breaks) -> None:
    bill = closing("acme")
    with transaction():
        bill.parked_at, bill.parked_code, bill.parked_reason = utc_now(), "other", "Because."
    breaks(bill, "sealed")
    seal_due()
    assert (bill.status, bill.parked_code, bill.parked_reason) == ("closing", "other", "Because.")
