"""The inbox is drained by one job for many events; what is lost on the way is found again."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select, update

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import CLAIM
from dashboard.webhooks.models import WebhookEvent
from jobs import inbox
from jobs.inbox import BELL, drain_inbox, process_events, replay_event, ring, sweep_events
from jobs.queues import queue_named
from tests.support.events import event, signed
from tests.support.lives import arrive, events, life, sealed_bill, shown


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for events that do not come."""
    monkeypatch.setattr(inbox, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(inbox, "PAUSE_SECONDS", 0.0)


def queued(redis: Redis, queue: str = "webhooks") -> list[str]:
    """Return the names of the functions whose jobs wait."""
    return [one.func_name for one in queue_named(queue, redis).jobs]


def states() -> set[str]:
    """Return the states of all events."""
    return {one.state for one in events()}


def test_many_deliveries_queue_one_job(client: FlaskClient, redis: Redis) -> None:
    for _ in range(5):
        raw, headers = signed(event("invoice.paid", shown("nobody", "paid")))
        assert client.post("/webhooks/stripe", data=raw, headers=headers).status_code == 200
    assert queued(redis) == [drain_inbox.path]
    drain_inbox()
    assert states() == {"ignored"}


def test_what_is_ended_where_it_is_stored_queues_nothing(client: FlaskClient, redis: Redis) -> None:
    raw, headers = signed(event("product.created", {"id": "prod_1"}))
    client.post("/webhooks/stripe", data=raw, headers=headers)
    assert (queued(redis), redis.exists(BELL)) == ([], 0)


def test_nobody_rings_while_the_inbox_is_looked_into_and_the_next_one_does(
    db: SQLAlchemy, redis: Redis
) -> None:
    redis.set(BELL, 1)
    ring()
    assert queued(redis) == []
    drain_inbox()
    assert redis.exists(BELL) == 0
    ring()
    assert queued(redis) == [drain_inbox.path]
    assert 0 < redis.ttl(BELL) <= inbox.BELL_SECONDS


def test_an_event_that_came_after_the_last_look_is_seen_before_the_end(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = inbox.drain_batch

    def look() -> inbox.Drained:
        found = last()
        if not events():
            # Its delivery saw the bell, so it queued nothing.
            arrive([event("invoice.paid", shown("nobody"))])
            ring()
        return found

    monkeypatch.setattr(inbox, "drain_batch", look)
    drain_inbox()
    assert queued(redis) == [drain_inbox.path]


def test_an_event_whose_process_rang_a_moment_before_the_end_is_seen_after_that_moment(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[tuple[float, int]] = []

    def sleep(seconds: float) -> None:
        slept.append((seconds, redis.exists(BELL)))
        if not redis.exists(BELL):
            # It is stored now, by one who need not ring yet.
            arrive([event("invoice.paid", shown("nobody"))])

    monkeypatch.setattr(inbox.time, "sleep", sleep)
    drain_inbox()
    assert slept[-1] == (inbox.RUNG_SECONDS, 0)
    assert queued(redis) == [drain_inbox.path]


def test_more_than_a_batch_is_drained_by_one_job_and_calls_for_another_worker(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BATCH", 2)
    sealed_bill()
    arrive(life("acme"))
    drain_inbox()
    assert states() == {"processed"}
    assert queued(redis) == [drain_inbox.path]


def test_a_click_goes_before_the_next_batch(db: SQLAlchemy, redis: Redis) -> None:
    arrive([event("invoice.paid", shown("nobody"))])
    replay_event.push([1])
    drain_inbox()
    assert states() == {"received"}
    assert queued(redis) == [drain_inbox.path]
    queue_named("interactive", redis).empty()
    drain_inbox()
    assert states() == {"ignored"}


def test_what_can_not_go_along_is_queued_to_go_by_itself(db: SQLAlchemy, redis: Redis) -> None:
    ids = arrive([event("invoice.paid", {"id": "in_1"}) for _ in range(3)])
    drain_inbox()
    [job] = queue_named("webhooks", redis).jobs
    assert (job.func_name, sorted(job.args)) == (process_events.path, ids)
    sweep_events()
    assert len(queued(redis)) == 1
    process_events(*ids)
    assert {(one.state, one.attempts, "cannot be read" in str(one.error)) for one in events()} == {
        ("dead", 1, True)
    }


def test_events_that_redis_forgot_are_handed_out_by_the_sweep(db: SQLAlchemy, redis: Redis) -> None:
    sealed_bill()
    ids = arrive([*life("acme"), event("invoice.paid", {"id": "in_1"})])
    sweep_events()
    assert queued(redis) == [drain_inbox.path]
    drain_inbox()
    redis.flushdb()
    sweep_events()
    assert queued(redis) == [process_events.path]
    process_events(ids[-1])
    redis.flushdb()
    sweep_events()
    assert queued(redis) == []


def test_a_batch_that_died_is_found_by_its_claims_and_goes_one_by_one(
    db: SQLAlchemy, redis: Redis
) -> None:
    bill = sealed_bill()
    ids = arrive(life("acme"))
    with transaction():
        died = {"state": "processing", "attempts": 1, "claimed_at": utc_now() - CLAIM}
        db.session.execute(update(WebhookEvent).values(died))
    sweep_events()
    [job] = queue_named("webhooks", redis).jobs
    assert (job.func_name, sorted(job.args)) == (process_events.path, ids)
    process_events(*ids)
    db.session.refresh(bill)
    assert (bill.status, {one.attempts for one in events()}) == ("paid", {2})


def test_a_backfill_goes_the_same_way(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(**_: object) -> list[list[int]]:
        return [arrive(life("acme")), []]

    monkeypatch.setattr(inbox, "backfill", listed)
    sealed_bill()
    inbox.backfill_events()
    assert queued(redis) == [drain_inbox.path]
    drain_inbox()
    found = db.session.scalars(select(Invoice).execution_options(populate_existing=True)).one()
    assert found.status == "paid"
    assert all(utc_now() - one.received_at < timedelta(minutes=1) for one in events())
