"""Workers send events at least once, in order for each invoice, whatever receivers do."""

from __future__ import annotations

import time
from datetime import timedelta
from socket import socket
from threading import Barrier, Thread

import pytest
import time_machine
from flask import Flask
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dashboard.extensions import db
from dashboard.outgoing import post as posting
from dashboard.outgoing.endpoints import roll
from dashboard.outgoing.models import EventEndpoint
from dashboard.outgoing.queue import endpoints_due, hold, note, take
from jobs import outgoing
from tests.factories import SUPPORT
from tests.support.outgoing import KEYS, deliveries, listens, loopback, send
from tests.support.receivers import Received, answers, hangs, receiver
from tests.support.sending import happen, later, numbers, refusing
from tests.support.void_cases import LATER

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")


def test_an_event_arrives_signed_and_whole_and_once() -> None:
    with receiver() as one:
        _, secret = listens(one, now=LATER)
        happen("a")
        for _ in range(3):
            send(LATER)
    [request] = one.requests
    with time_machine.travel(LATER):
        told = Webhook(secret).verify(request.body, request.headers)
    assert told == {
        "type": "invoice.paid",
        "timestamp": "2026-04-26T15:38:24Z",
        "data": {"ordering_key": "a", "number": 0},
    }
    [delivery] = deliveries()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert delivery.event.name == request.name


def test_a_signature_holds_for_these_letters_and_this_name_alone() -> None:
    with receiver() as one:
        _, secret = listens(one, now=LATER)
        happen("a")
        send(LATER)
    [request] = one.requests
    for body, headers in (
        (request.body + " ", request.headers),
        (request.body, request.headers | {"webhook-id": "msg_2"}),
        (request.body, request.headers | {"webhook-timestamp": str(int(LATER.timestamp()) + 1)}),
    ):
        with time_machine.travel(LATER), pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_while_a_secret_is_rolled_both_verify_and_after_it_the_new_one_alone() -> None:
    with receiver() as one:
        endpoint, old = listens(one, now=LATER)
        new = roll(endpoint, overlap=timedelta(hours=1), keys=KEYS, now=LATER, actor=SUPPORT)
        db.session.commit()
        happen("a")
        send(LATER)
        happen("a", first=1)
        with time_machine.travel(LATER + timedelta(hours=2)):
            send(LATER + timedelta(hours=2))
    while_rolling, after = one.requests
    with time_machine.travel(LATER):
        for secret in (old, new):
            assert Webhook(secret).verify(while_rolling.body, while_rolling.headers)
    with time_machine.travel(LATER + timedelta(hours=2)):
        assert Webhook(new).verify(after.body, after.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(after.body, after.headers)


def test_one_whose_worker_died_between_sending_and_noting_is_sent_again_under_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    with receiver() as one:
        listens(one, now=LATER)
        happen("a", "a")
        with monkeypatch.context() as patch:
            patch.setattr(outgoing, "note", dies)
            with pytest.raises(SystemExit):
                send(LATER)
        db.session.rollback()
        # Nobody knows that it arrived; until the lease is over nobody sends it again.
        send(LATER + timedelta(seconds=10))
        assert numbers(one.requests) == [0]
        assert [delivery.attempts for delivery in deliveries()] == [1, 0]
        send(LATER + timedelta(seconds=61))
    assert numbers(one.requests) == [0, 0, 1]
    assert one.names[0] == one.names[1]
    assert {delivery.state for delivery in deliveries()} == {"delivered"}


def test_what_is_refused_holds_up_its_own_invoice_and_no_other() -> None:
    with receiver(refusing(0)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a", "b", "a", "b", "a")
        send(LATER)
        assert numbers(one.requests, "b") == [1, 3]
        assert numbers(one.requests, "a") == [0]
        later(endpoint)
        send(LATER)
        assert numbers(one.requests, "a") == [0, 0]
        one.behaves = answers(200)
        later(endpoint)
        send(LATER)
    assert numbers(one.requests, "a") == [0, 0, 0, 2, 4]
    assert {delivery.state for delivery in deliveries()} == {"delivered"}


def turn(endpoint_id: int) -> None:
    """Send as a worker does, though another may have the endpoint: its lease ran out."""
    later(db.session.get_one(EventEndpoint, endpoint_id))
    held = hold(endpoint_id, now=LATER)
    if held is None:
        db.session.rollback()
        return
    taken = take(held, now=LATER)
    db.session.commit()
    for delivery, answer in zip(taken, outgoing.send(held, taken), strict=True):
        note(held, delivery, answer, now=LATER)
    db.session.commit()


def test_two_workers_keep_the_order_of_each_invoice(app: Flask) -> None:
    def slow(connection: socket, request: Received) -> None:
        time.sleep(0.01)
        # Each third is refused the first time.
        is_new = one.names.count(request.name) == 1
        is_refused = is_new and request.told["data"]["number"] % 3 == 0
        answers(503 if is_refused else 200)(connection, request)

    with receiver(slow) as one:
        endpoint, _ = listens(one, now=LATER)
        endpoint_id = endpoint.id
        happen(*(f"key {number % 4}" for number in range(40)))
        barrier = Barrier(2)

        def work() -> None:
            barrier.wait()
            for _ in range(60):
                with app.app_context():
                    turn(endpoint_id)

        workers = [Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert {delivery.state for delivery in deliveries()} == {"delivered"}
    for ordering_key in range(4):
        came = numbers(one.requests, f"key {ordering_key}")
        # At least once, each for the first time in order.
        assert list(dict.fromkeys(came)) == list(range(ordering_key, 40, 4))


def test_a_silent_receiver_keeps_nobody_else_waiting(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting.post, "__kwdefaults__", {"patience": 1.5})
    with receiver(hangs()) as silent, receiver() as other:
        listens(silent, now=LATER)
        listens(other, now=LATER)
        happen(*(f"key {number}" for number in range(30)))
        began = time.monotonic()
        with time_machine.travel(LATER, tick=True):
            outgoing.send_events(*endpoints_due(now=LATER))
        took = time.monotonic() - began
        assert sorted(numbers(other.requests)) == list(range(30))
        assert max(one.at for one in other.requests) - began < 1.5
        # One round of tries, at the same time; then it is left alone.
        assert took < 4
        db.session.expire_all()
        assert endpoints_due(now=LATER) == []
        asked = len(silent.requests)
        assert asked == 8
        # Next time one try is enough to see that it is still silent.
        later(db.session.get_one(EventEndpoint, deliveries()[0].endpoint_id))
        send(LATER)
        assert len(silent.requests) == asked + 1
