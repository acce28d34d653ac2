"""A receiver that refuses some events, was away or is slow gets the others, and loses none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from socket import socket

import pytest
import time_machine
from sqlalchemy import update

from dashboard.extensions import db
from dashboard.outgoing.endpoints import Wanted, change, pause, resume
from dashboard.outgoing.models import EventDelivery, EventEndpoint, OutgoingEvent
from dashboard.outgoing.post import Answer
from dashboard.outgoing.queue import endpoints_due, hold, is_under_way, note, switch_off, take
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from jobs import outgoing
from tests.factories import SUPPORT
from tests.support.outgoing import LOOPBACK, deliveries, listens, loopback, send
from tests.support.receivers import Behavior, Received, answers, receiver
from tests.support.void_cases import LATER

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REFUSED = range(20)


def happen(*invoices: str, first: int = 0) -> None:
    """Let each of these be paid, one after the other; their events are numbered."""
    with transaction():
        for number, invoice in enumerate(invoices, first):
            data = {"number": number}
            fact = Fact(
                kind="invoice.paid", subject=str(number), ordering_key=invoice, at=LATER, data=data
            )
            tell([fact], now=LATER)


def numbers(requests: Sequence[Received]) -> list[int]:
    """Return the numbers of what came, in order."""
    return [one.told["data"]["number"] for one in requests]


def refusing(refused: Sequence[int]) -> Behavior:
    """Refuse the events of these numbers for what they say, and take the others."""

    def behave(connection: socket, request: Received) -> None:
        is_refused = request.told["data"]["number"] in refused
        answers(400 if is_refused else 200)(connection, request)

    return behave


def test_what_is_refused_neither_starves_other_events_nor_switches_the_endpoint_off() -> None:
    with receiver(refusing(REFUSED)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen(*(f"invoice {number}" for number in range(40)))
        for minute in range(30):
            send(LATER + minute * MINUTE)
        healthy = [number for number in numbers(one.requests) if number not in REFUSED]
        assert sorted(healthy) == list(range(20, 40))
        # Each was refused before: that says nothing of the endpoint.
        for hour in range(1, 5 * 24, 6):
            happen("more", first=100 + hour)
            send(LATER + hour * HOUR)
            send(LATER + hour * HOUR + MINUTE)
            assert 100 + hour in numbers(one.requests)
    db.session.refresh(endpoint)
    assert (endpoint.state, endpoint.failures, endpoint.failing_since) == ("on", 0, None)


def batch(endpoint: EventEndpoint, statuses: list[int | None], *, minutes: int = 0) -> None:
    """Let a batch be answered so, each event by its own answer."""
    now = LATER + minutes * MINUTE
    held = hold(endpoint.id, now=now)
    assert held is not None
    taken = take(held, now=now)
    assert len(taken) == len(statuses)
    for delivery, status in zip(taken, statuses, strict=True):
        problem = "It did not answer." if status is None else None
        note(held, delivery, Answer(1, status=status, problem=problem), now=now)
    held.busy_until = None
    db.session.commit()


def test_a_success_in_the_same_batch_leaves_what_was_refused_in_it_waiting() -> None:
    endpoint, _ = listens("https://receiver.example/", now=LATER)
    happen(*"abcdef")
    batch(endpoint, [400, 400, 400, 400, 400, 200])
    waits = [one for one in deliveries() if one.state == "waits"]
    assert len(waits) == 5
    assert all(one.next_attempt_at > LATER for one in waits)


def test_when_it_is_back_what_got_no_answer_is_due_and_what_was_refused_is_not() -> None:
    endpoint, _ = listens("https://receiver.example/", now=LATER)
    happen(*"abcd")
    batch(endpoint, [400, None, 503, 200])
    happen("e", first=4)
    db.session.execute(
        update(EventDelivery)
        .where(EventDelivery.attempts > 0, EventDelivery.state == "waits")
        .values(next_attempt_at=LATER + HOUR)
    )
    endpoint.failures, endpoint.not_before = 1, LATER + MINUTE
    db.session.commit()
    batch(endpoint, [200], minutes=1)
    due = [one.next_attempt_at == LATER + MINUTE for one in deliveries()[:3]]
    assert due == [False, True, True]


def test_what_happened_around_the_moment_when_it_was_switched_off_is_made_up_for() -> None:
    endpoint, _ = listens("https://receiver.example/", now=LATER)
    happen("a")
    [delivery] = deliveries()
    delivery.state, delivery.ended_at = "given_up", LATER + 5 * DAY
    endpoint.failing_since = LATER + MINUTE
    switch_off(endpoint, "It was away.", now=LATER + 5 * DAY)
    db.session.commit()
    # Told by a transaction that began before it was off, and wrote when it was.
    happen("b", first=1)
    late = update(OutgoingEvent).where(OutgoingEvent.occasion == "invoice.paid:1")
    db.session.execute(late.values(created_at=LATER + 5 * DAY - MINUTE))
    made_up = resume(endpoint, now=LATER + 6 * DAY, actor=SUPPORT)
    db.session.commit()
    assert made_up == 2


def test_what_was_tried_before_a_pause_of_days_is_not_given_up_at_its_next_failure() -> None:
    with receiver(answers(503)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a")
        send(LATER)
        pause(endpoint, now=LATER, actor=SUPPORT)
        resume(endpoint, now=LATER + 6 * DAY, actor=SUPPORT)
        db.session.commit()
        send(LATER + 6 * DAY)
    [delivery] = deliveries()
    assert (delivery.state, delivery.attempts) == ("waits", 1)
    assert len(one.requests) == 2


def test_what_waits_is_sent_to_a_new_address_at_once() -> None:
    with receiver(answers(503)) as one, receiver() as other:
        endpoint, _ = listens(one, now=LATER)
        happen("a")
        for hour in range(10):
            send(LATER + hour * HOUR)
        wanted = Wanted(other.url, "A receiver")
        now = LATER + 10 * HOUR
        change(endpoint, wanted, allowed=LOOPBACK, now=now, actor=SUPPORT)
        db.session.commit()
        send(now)
        assert numbers(other.requests) == [0]


def test_a_slow_receiver_rests_as_long_as_its_turn_took(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(connection: socket, request: Received) -> None:
        time.sleep(0.3)
        answers(200)(connection, request)

    monkeypatch.setattr(outgoing, "SECONDS", 0.5)
    monkeypatch.setattr(outgoing, "SHORT_SECONDS", 0.2)
    with receiver(slow) as one:
        endpoint, _ = listens(one, now=LATER)
        happen(*(f"invoice {number}" for number in range(40)))
        began = time.monotonic()
        with time_machine.travel(LATER, tick=True):
            outgoing.send_to_endpoint(endpoint.id)
        took = timedelta(seconds=time.monotonic() - began)
    assert len(one.requests) == 16
    assert endpoints_due(now=LATER + 1.5 * took) == []
    assert endpoints_due(now=LATER + 2.5 * took) == [endpoint.id]


def test_what_is_under_way_is_not_said_to_have_failed() -> None:
    endpoint, _ = listens("https://receiver.example/", now=LATER)
    happen("a")
    held = hold(endpoint.id, now=LATER)
    assert held is not None
    [delivery] = take(held, now=LATER)
    db.session.commit()
    assert is_under_way(delivery, now=LATER + timedelta(seconds=30))
    # Its worker did not survive it.
    assert not is_under_way(delivery, now=LATER + MINUTE)
    note(held, delivery, Answer(1, status=503), now=LATER)
    assert not is_under_way(delivery, now=LATER)
