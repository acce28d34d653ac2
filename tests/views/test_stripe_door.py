"""Deliveries of one moment are stored by one statement, and each is answered for itself."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from werkzeug.test import Client, TestResponse

from dashboard.served import behind_proxies
from dashboard.views import stripe_door
from dashboard.views.stripe_webhook import ADDRESS
from dashboard.webhooks.intake import Arrived, store_delivered
from jobs.inbox import RUNG_SECONDS, drain_inbox
from jobs.queues import queue_named
from tests.support.events import event, signed
from tests.support.lives import events, shown
from tests.support.queries import count_queries

Delivery = tuple[bytes, dict[str, str]]
Deliver = Callable[[Delivery], TestResponse]
DeliverAll = Callable[[Sequence[Delivery]], list[int]]


def delivery(name: str, kind: str = "invoice.paid", **how: Any) -> Delivery:
    """Return a signed event of that id."""
    return signed(event(kind, shown("nobody", "paid")) | {"id": name}, **how)


@pytest.fixture
def deliver(app: Flask) -> Deliver:
    """Deliver, as the web server would."""
    served = behind_proxies(app)

    def deliver(one: Delivery) -> TestResponse:
        raw, headers = one
        return Client(served).post(ADDRESS, data=raw, headers=headers)

    return deliver


@pytest.fixture
def deliver_at_once(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> DeliverAll:
    """Deliver all of them while the door is busy with the first; return each answer's status."""

    def deliver_all(deliveries: Sequence[Delivery]) -> list[int]:
        begun, goes_on = Event(), Event()
        store = stripe_door.store_delivered

        def wait(arrived: Sequence[Arrived], *, now: datetime) -> list[str | None]:
            begun.set()
            assert goes_on.wait(10)
            return store(arrived, now=now)

        monkeypatch.setattr(stripe_door, "store_delivered", wait)
        with ThreadPoolExecutor(len(deliveries)) as pool:
            first = pool.submit(deliver, deliveries[0])
            assert begun.wait(10)
            others = [pool.submit(deliver, one) for one in deliveries[1:]]
            # They are verified by then, or refused already.
            time.sleep(0.5)
            goes_on.set()
            return [one.result().status_code for one in (first, *others)]

    return deliver_all


def states() -> dict[str, str]:
    """Return the state of each event."""
    return {one.stripe_event_id: one.state for one in events()}


def test_deliveries_of_one_moment_take_one_statement_and_queue_one_job(
    deliver_at_once: DeliverAll, db: SQLAlchemy, redis: Redis
) -> None:
    names = [f"evt_{number}" for number in range(7)]
    with count_queries(db.engine) as queries:
        assert deliver_at_once([delivery(name) for name in names]) == [200] * 7
    # The first, and then all that came meanwhile.
    assert queries.count == 2
    assert states() == dict.fromkeys(names, "received")
    assert [one.func_name for one in queue_named("webhooks", redis).jobs] == [drain_inbox.path]


def test_an_event_that_arrives_twice_at_once_is_stored_once_and_answered_twice(
    deliver_at_once: DeliverAll, db: SQLAlchemy
) -> None:
    names = ("evt_1", "evt_1", "evt_2", "evt_2")
    assert deliver_at_once([delivery(name) for name in names]) == [200] * 4
    assert states() == {"evt_1": "received", "evt_2": "received"}


def test_each_of_them_ends_as_it_would_alone(deliver_at_once: DeliverAll, db: SQLAlchemy) -> None:
    told = [
        delivery("evt_first"),
        delivery("evt_needed"),
        delivery("evt_unneeded", "product.created"),
        signed({"id": "evt_thin", "object": "v2.core.event"}),
        delivery("evt_forged", secret="whsec_somebody_else"),
    ]
    assert deliver_at_once(told) == [200, 200, 200, 200, 400]
    assert states() == {
        "evt_first": "received",
        "evt_needed": "received",
        "evt_unneeded": "ignored",
        "evt_thin": "unreadable",
    }


def test_what_can_not_be_stored_with_others_fails_none_of_them(
    deliver_at_once: DeliverAll, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def store(arrived: Sequence[Arrived], *, now: datetime) -> list[str | None]:
        tried.append(len(arrived))
        if any(one.id == "evt_odd" for one in arrived):
            raise ValueError("a value that no column takes")
        return store_delivered(arrived, now=now)

    monkeypatch.setattr(stripe_door, "store_delivered", store)
    names = ["evt_0", "evt_1", "evt_odd", "evt_2"]
    assert deliver_at_once([delivery(name) for name in names]) == [200] * 4
    assert tried == [1, 3]
    assert set(states()) == set(names)


def test_what_redis_does_not_hear_of_is_stored_and_answered(
    app: Flask, deliver_at_once: DeliverAll, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", Redis(port=1))
    assert deliver_at_once([delivery("evt_1"), delivery("evt_2")]) == [200, 200]
    assert states() == {"evt_1": "received", "evt_2": "received"}


def test_a_process_that_rang_a_moment_ago_does_not_ask_redis_again(
    deliver: Deliver, db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def ring() -> bool:
        # The first time Redis is away: that is not remembered.
        asked.append(len(asked) > 0)
        return asked[-1]

    monkeypatch.setattr(stripe_door, "ring", ring)
    monkeypatch.setattr(stripe_door, "RUNG_SECONDS", 60)
    for number in range(4):
        deliver(delivery(f"evt_{number}"))
    assert asked == [False, True]


def test_a_process_rings_again_once_its_moment_is_over(
    deliver: Deliver, db: SQLAlchemy, redis: Redis
) -> None:
    deliver(delivery("evt_0"))
    queue_named("webhooks", redis).empty()
    redis.flushdb()
    time.sleep(RUNG_SECONDS)
    deliver(delivery("evt_1"))
    assert [one.func_name for one in queue_named("webhooks", redis).jobs] == [drain_inbox.path]


def test_a_delivery_is_answered_as_the_view_would(client: FlaskClient, deliver: Deliver) -> None:
    raw, headers = delivery("evt_1")
    by_the_view = client.post(ADDRESS, data=raw, headers=headers)
    at_the_door = deliver((raw, headers))
    assert at_the_door.data == by_the_view.data
    named = dict(by_the_view.headers)
    assert named.pop("X-Request-ID")
    assert dict(at_the_door.headers) == named


def test_a_delivery_that_is_too_long_or_of_another_kind_is_no_business_of_the_door(
    app: Flask, db: SQLAlchemy
) -> None:
    served = Client(behind_proxies(app))
    assert served.get(ADDRESS).status_code == 405
    assert served.post(ADDRESS, data=b"x" * (8 * 1024 * 1024 + 1)).status_code == 413
    assert served.post(ADDRESS, data=b"{}").status_code == 400
