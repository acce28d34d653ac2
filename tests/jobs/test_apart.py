"""A row that the database refuses is in the way of nobody: what is due goes one by one then."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, text

from dashboard.billing.models import Invoice
from dashboard.billing.stuck import STUCK, TRIED_AGAIN_AFTER
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.models import SyncRun
from dashboard.sync.request import due_for_sync, due_to_finalize
from dashboard.transaction import transaction
from jobs.apart import each_apart
from jobs.cycles import finalize_due
from jobs.inbox import reread_invoices
from jobs.queues import queue_named
from jobs.syncs import sync_due
from tests.support.billing import make_bill, put

pytestmark = pytest.mark.usefixtures("db", "redis")

REFUSE = """
    create function refuse_one() returns trigger language plpgsql as $$
    begin
      if new.invoice_id = {id} then
        perform 1 / 0;
      end if;
      return new;
    end $$;
    create trigger refuse_one before insert on sync_runs for each row execute function refuse_one()
"""


@pytest.fixture
def refuses() -> Iterator[Callable[[Invoice], None]]:
    """Let the database refuse every sync of an invoice."""

    def let(invoice: Invoice) -> None:
        with transaction():
            db.session.execute(text(REFUSE.format(id=invoice.id)))

    yield let
    db.session.rollback()
    mend()


def mend() -> None:
    """Let the database refuse nothing any more."""
    with transaction():
        db.session.execute(text("drop trigger if exists refuse_one on sync_runs"))
        db.session.execute(text("drop function if exists refuse_one"))


def three(**state: object) -> list[Invoice]:
    """Return three bills in that state."""
    bills = [make_bill(slug) for slug in ("acme", "globex", "initech")]
    for bill in bills:
        put(bill, a=4000)
        with transaction():
            for name, value in state.items():
                setattr(bill, name, value)
    return bills


def asked_for() -> list[int]:
    """Return the invoices that a sync was requested of."""
    return list(db.session.scalars(select(SyncRun.invoice_id).order_by(SyncRun.invoice_id)))


def test_one_that_can_not_be_synced_keeps_no_other_from_it_and_is_tried_later(
    redis: Redis, refuses: Callable[[Invoice], None]
) -> None:
    now = utc_now()
    first, bad, last = three(next_sync_at=now)
    refuses(bad)
    sync_due()
    assert asked_for() == [first.id, last.id]
    assert queue_named("scheduled", redis).count >= 1
    assert due_for_sync(now=utc_now(), most=9) == []
    assert due_for_sync(now=now + timedelta(minutes=20), most=9) == [bad.id]


def test_one_that_can_not_be_finalized_keeps_no_other_from_it_and_a_person_is_told(
    refuses: Callable[[Invoice], None],
) -> None:
    first, bad, last = three(status="sealed", sealed_at=utc_now())
    refuses(bad)
    finalize_due()
    assert asked_for() == [first.id, last.id]
    assert bad.parked_code == STUCK
    now = utc_now()
    assert due_to_finalize(now=now, most=9) == []
    assert due_to_finalize(now=now + TRIED_AGAIN_AFTER, most=9) == [bad.id]
    mend()
    with transaction():
        bad.parked_at = now - TRIED_AGAIN_AFTER
    finalize_due()
    assert asked_for() == [first.id, bad.id, last.id]


def test_one_that_can_not_be_read_again_keeps_no_other_from_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bills = three(parked_at=utc_now(), parked_code="other", parked_reason="Because.")
    for bill in bills:
        with transaction():
            bill.stripe_invoice_id = f"in_{bill.id}"
    asked: list[str] = []

    class Broken:
        def invoice(self, stripe_id: str) -> None:
            asked.append(stripe_id)
            raise GatewayError("asked to fail")

    monkeypatch.setitem(app.extensions, "gateway", Broken())
    reread_invoices()
    assert sorted(asked) == sorted(f"in_{bill.id}" for bill in bills)


def test_where_not_even_the_failure_can_be_noted_the_others_go_on() -> None:
    done: list[int] = []

    def act(one: int) -> None:
        if one == 2:
            raise ValueError("asked to fail")
        done.append(one)

    def failed(_one: int, error: Exception) -> None:
        raise error

    each_apart(act, [1, 2, 3], failed=failed)
    assert done == [1, 3]
