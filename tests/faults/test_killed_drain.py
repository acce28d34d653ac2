"""A worker is killed in the midst of a batch of events: none is lost, none has its effect twice."""

import time
from collections.abc import Callable

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select, text, update

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import CLAIM
from dashboard.webhooks.models import WebhookEvent
from jobs.inbox import BELL, ring, sweep_events
from tests.support.lives import arrive, events, life, sealed_bill
from tests.support.stack import Stack
from tests.support.waiting import CUT_OFF, waits_for_a_lock

pytestmark = pytest.mark.fault
SLUGS = [f"bill-{number}" for number in range(8)]


def wait_until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so; fail when it takes too long."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to an end"
        time.sleep(0.05)


def states() -> set[str]:
    """Return the states of all events, as they are committed."""
    with transaction():
        return {one.state for one in events()}


def test_a_worker_killed_in_the_midst_of_a_batch_loses_and_doubles_nothing(
    db: SQLAlchemy, live_stack: Stack
) -> None:
    for slug in SLUGS:
        sealed_bill(slug)
    arrive([one for slug in SLUGS for one in life(slug)])
    with db.engine.begin() as holder:
        # The handlers have done their work; writing it waits for this.
        holder.execute(text("lock table audit_entries in share mode"))
        ring()
        wait_until(lambda: waits_for_a_lock(db))
        assert states() == {"processing"}
        live_stack.kill("worker")
        holder.execute(CUT_OFF)
    with transaction():
        sealed = select(func.count()).where(Invoice.status == "sealed")
        assert (db.session.scalar(sealed), states()) == (len(SLUGS), {"processing"})
        # The time passes after which a claim is a dead worker's.
        db.session.execute(update(WebhookEvent).values(claimed_at=WebhookEvent.claimed_at - CLAIM))
    live_stack.start_worker("second worker")
    sweep_events()
    wait_until(lambda: states() == {"processed"})
    with transaction():
        paid = select(func.count()).where(Invoice.status == "paid")
        assert db.session.scalar(paid) == len(SLUGS)
        assert db.session.scalar(select(func.count()).select_from(InvoicePayment)) == len(SLUGS)
        moves = db.session.scalars(select(AuditEntry.action)).all()
        assert moves.count("invoice.paid") == len(SLUGS)
        assert {one.attempts for one in events()} == {2}


def test_what_comes_after_a_killed_worker_waits_for_the_next_one_only(
    db: SQLAlchemy, live_stack: Stack, redis
) -> None:
    live_stack.kill("worker")
    redis.set(BELL, 1)
    sealed_bill()
    arrive(life("acme"))
    ring()
    sweep_events()
    live_stack.start_worker("second worker")
    wait_until(lambda: states() == {"processed"})
