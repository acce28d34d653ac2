"""Many workers drain at once: what one is at, the others pass by, and nobody waits."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import give_back, take, waits_for_a_batch
from tests.support.lives import arrive, drain_once, events, life, sealed_bill


def test_events_that_somebody_is_taking_are_passed_by_at_once(db: SQLAlchemy) -> None:
    for slug in ("held", "free"):
        sealed_bill(slug)
    arrive([*life("held")[:1], *life("free")[:1]])
    held, free = (one.id for one in events())
    with db.engine.begin() as other, transaction():
        lock = text("select id from webhook_events where id = :id for no key update")
        other.execute(lock, {"id": held})
        # Who waited for that row instead would wait for ever here.
        db.session.execute(text("set local lock_timeout = '2s'"))
        assert [one.id for one in take(now=utc_now(), most=9)] == [free]


def test_what_somebody_else_changes_now_waits_for_the_next_batch(db: SQLAlchemy) -> None:
    held, free = sealed_bill("held"), sealed_bill("free")
    arrive([*life("held"), *life("free")])
    with db.engine.begin() as other:
        lock = text("select id from invoices where id = :id for no key update")
        other.execute(lock, {"id": held.id})
        drained = drain_once()
        assert (len(drained.waiting), drained.alone, drained.done) == (3, [], 3)
        assert (held.status, free.status) == ("sealed", "paid")
        assert drain_once().done == 0
    assert waits_for_a_batch(now=utc_now())
    assert drain_once().done == 3
    db.session.refresh(held)
    assert held.status == "paid"
    assert {one.attempts for one in events()} == {1}


def test_events_of_a_bill_that_somebody_is_at_are_left_until_he_is_done(db: SQLAlchemy) -> None:
    for slug in ("taken", "free"):
        sealed_bill(slug)
    arrive(life("taken")[:1])
    with transaction():
        [first] = take(now=utc_now(), most=9)
    arrive([*life("taken")[1:], *life("free")])
    assert drain_once().done == 3
    assert drain_once().taken == 0
    assert waits_for_a_batch(now=utc_now())
    with transaction():
        give_back([first.id], now=utc_now())
    assert drain_once().done == 3
    assert {(one.state, one.attempts) for one in events()} == {("processed", 1)}


def test_many_workers_drain_together_and_none_meets_another(app: Flask, db: SQLAlchemy) -> None:
    slugs = [f"bill-{number}" for number in range(12)]
    for slug in slugs:
        sealed_bill(slug)
    arrive([one for step in range(3) for slug in slugs for one in life(slug)[step : step + 1]])

    def work(_: int) -> int:
        done = 0
        with app.app_context():
            while waits_for_a_batch(now=utc_now()):
                done += drain_once(most=5).done
        return done

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 36
    assert {(one.state, one.attempts) for one in events()} == {("processed", 1)}
    moves = db.session.scalars(select(AuditEntry.action)).all()
    assert sorted(set(moves)) == ["invoice.open", "invoice.paid"] or set(moves) == {"invoice.paid"}
    assert moves.count("invoice.paid") == 12
    assert db.session.scalar(select(func.count()).select_from(InvoicePayment)) == 12
