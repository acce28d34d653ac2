"""Workers send events at least once, in order for each invoice, whatever receivers do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from socket import socket
from threading import Barrier, Thread

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dashboard.audit.models import AuditEntry
from dashboard.extensions import db
from dashboard.outgoing import post as posting
from dashboard.outgoing.again import replay_since, resend, send_test
from dashboard.outgoing.endpoints import pause, remove, resume, roll
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.queue import backlog, endpoints_due, hold, let_go, note, take
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from jobs import outgoing
from tests.factories import SUPPORT
from tests.support.outgoing import KEYS, deliveries, listens, loopback, send
from tests.support.receivers import Behavior, Received, answers, hangs, receiver, says
from tests.support.void_cases import LATER

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")
DAY = timedelta(days=1)


def happen(*keys: str, first: int = 0) -> None:
    """Let something happen for each of these ordering keys, one after the other."""
    facts = [
        Fact(
            kind="invoice.paid",
            subject=str(first + number),
            ordering_key=ordering_key,
            at=LATER,
            data={"ordering_key": ordering_key, "number": first + number},
        )
        for number, ordering_key in enumerate(keys)
    ]
    with transaction():
        for fact in facts:
            tell([fact], now=LATER)


def numbers(requests: Sequence[Received], ordering_key: str | None = None) -> list[int]:
    """Return the numbers of what came, of one ordering key, in order."""
    return [
        one.told["data"]["number"]
        for one in requests
        if ordering_key is None or one.told["data"]["ordering_key"] == ordering_key
    ]


def refusing(*refused: int) -> Behavior:
    """Refuse the events of these numbers, and take the others."""

    def behave(connection: socket, request: Received) -> None:
        is_refused = request.told["data"].get("number") in refused
        answers(500 if is_refused else 200)(connection, request)

    return behave


def later(endpoint: EventEndpoint) -> None:
    """Let what waits, and the endpoint's rest, be over."""
    db.session.execute(
        update(EventDelivery).where(EventDelivery.state == "waits").values(next_attempt_at=LATER)
    )
    endpoint.not_before = endpoint.busy_until = None
    db.session.commit()


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


def test_one_that_comes_back_gets_in_order_what_it_missed() -> None:
    with receiver(says(b"")) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a", "b", "a", "b")
        send(LATER)
        assert endpoint.failures > 0
        assert endpoint.failing_since is not None
        one.behaves = answers(200)
        one.requests.clear()
        send(LATER + timedelta(hours=1))
    assert numbers(one.requests, "a") == [0, 2]
    assert numbers(one.requests, "b") == [1, 3]
    db.session.refresh(endpoint)
    assert (endpoint.failures, endpoint.failing_since, endpoint.not_before) == (0, None, None)


def fail_for(days: int, endpoint: EventEndpoint) -> None:
    """Let a receiver be away for so many days."""
    for hour in range(0, days * 24 + 1, 6):
        send(LATER + timedelta(hours=hour))
        db.session.refresh(endpoint)


def test_after_days_without_success_it_is_off_on_record_and_a_replay_makes_up() -> None:
    with receiver(answers(503, b"We are away.")) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a", "b")
        fail_for(4, endpoint)
        assert endpoint.state == "on"
        fail_for(6, endpoint)
        assert endpoint.state == "off"
        assert endpoint.why_off == "Nothing has arrived for 5 days. It answered 503."
        assert backlog(now=LATER + 6 * DAY).off == 1
        [entry] = [one for one in db.session.query(AuditEntry) if "switched_off" in one.action]
        assert entry.facts["url"] == endpoint.url
        # What happens meanwhile is kept, and sent to nobody.
        happen("a", "c", first=2)
        asked = len(one.requests)
        send(LATER + 7 * DAY)
        assert len(one.requests) == asked
        one.behaves = answers(200)
        one.requests.clear()
        endpoint.changed_at = LATER
        made_up = resume(endpoint, now=LATER + 8 * DAY, actor=SUPPORT)
        db.session.commit()
        assert made_up == 4 - sum(one.state == "waits" for one in deliveries()[:2])
        send(LATER + 8 * DAY)
    assert sorted(set(numbers(one.requests))) == [0, 1, 2, 3]
    assert numbers(one.requests, "a") == [0, 2]
    assert len(one.requests) == 4


def test_one_that_says_it_is_gone_is_off_at_once() -> None:
    with receiver(answers(410)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a")
        send(LATER)
    db.session.refresh(endpoint)
    assert (endpoint.state, endpoint.why_off) == ("off", "It answered 410: it is gone.")


def test_a_replay_sends_what_never_arrived_or_all_and_each_once() -> None:
    with receiver(refusing(1)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a", "b", "c")
        send(LATER)
        one.behaves = answers(200)
        waits = next(one for one in deliveries() if one.state == "waits")
        waits.state, waits.ended_at = "given_up", LATER
        db.session.commit()
        one.requests.clear()
        for expected in (1, 0):
            number = replay_since(endpoint, since=LATER, now=LATER, actor=SUPPORT)
            db.session.commit()
            assert number == expected
        send(LATER)
        assert numbers(one.requests) == [1]
        number = replay_since(endpoint, since=LATER, with_arrived=True, now=LATER, actor=SUPPORT)
        db.session.commit()
        assert number == 3
        send(LATER)
    assert sorted(numbers(one.requests)) == [0, 1, 1, 2]
    assert replay_since(endpoint, since=LATER + DAY, now=LATER, actor=SUPPORT) == 0


def test_one_delivery_is_sent_again_under_its_name_and_a_second_click_sends_no_third() -> None:
    with receiver() as one:
        listens(one, now=LATER)
        happen("a")
        send(LATER)
        [delivery] = deliveries()
        again = [resend(delivery, now=LATER, actor=SUPPORT).id for _ in range(2)]
        db.session.commit()
        assert again[0] == again[1] != delivery.id
        send(LATER)
    assert one.names[0] == one.names[1]
    assert len(one.requests) == 2
    assert [one.is_again for one in deliveries()] == [False, True]


def test_a_test_event_reaches_its_endpoint_alone() -> None:
    with receiver() as one, receiver() as other:
        endpoint, _ = listens(one, ["invoice.paid"], now=LATER)
        listens(other, now=LATER)
        send_test(endpoint, now=LATER, actor=SUPPORT)
        db.session.commit()
        send(LATER)
    assert one.kinds == ["endpoint.test"]
    assert other.requests == []


def test_a_paused_endpoint_gets_in_order_what_waited() -> None:
    with receiver() as one:
        endpoint, _ = listens(one, now=LATER)
        pause(endpoint, now=LATER, actor=SUPPORT)
        db.session.commit()
        happen("a", "a", "a")
        send(LATER)
        assert one.requests == []
        resume(endpoint, now=LATER, actor=SUPPORT)
        db.session.commit()
        send(LATER)
    assert numbers(one.requests) == [0, 1, 2]


def test_of_a_removed_endpoint_nothing_is_sent_and_its_secrets_are_gone() -> None:
    with receiver() as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a")
        remove(endpoint, now=LATER, actor=SUPPORT)
        db.session.commit()
        send(LATER)
    assert one.requests == []
    assert [delivery.state for delivery in deliveries()] == ["dropped"]
    assert endpoint.secret is None


def test_one_that_was_allowed_and_is_not_any_more_is_not_reached(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as one:
        listens(one, now=LATER)
        happen("a")
        config = app.extensions["config"].model_copy(update={"events_allowed_networks": ""})
        monkeypatch.setitem(app.extensions, "config", config)
        send(LATER)
    assert one.requests == []
    [delivery] = deliveries()
    assert delivery.problem is not None


def test_what_only_waits_behind_another_is_not_handed_out() -> None:
    with receiver(refusing(0)) as one:
        listens(one, now=LATER)
        happen("a", "a", "b")
        send(LATER)
        assert sorted(numbers(one.requests)) == [0, 2]
        assert endpoints_due(now=LATER) == []
        assert endpoints_due(now=LATER + timedelta(minutes=1)) != []


def test_one_that_is_removed_while_it_fails_for_good_stays_removed() -> None:
    with receiver(answers(410)) as one:
        endpoint, _ = listens(one, now=LATER)
        happen("a")
        held = hold(endpoint.id, now=LATER)
        assert held is not None
        taken = take(held, now=LATER)
        db.session.commit()
        gone = update(EventEndpoint).values(state="removed", secret=None)
        db.session.execute(gone, execution_options={"synchronize_session": False})
        note(held, taken[0], outgoing.send(held, taken)[0], now=LATER)
        db.session.commit()
    db.session.refresh(endpoint)
    assert (endpoint.state, endpoint.why_off) == ("removed", None)


def test_the_clock_hands_out_what_is_due(app: Flask, redis: object) -> None:
    with receiver() as one:
        endpoint, _ = listens(one, now=LATER)
        assert endpoints_due(now=LATER) == []
        happen("a")
        assert endpoints_due(now=LATER) == [endpoint.id]
        held = hold(endpoint.id, now=LATER)
        db.session.commit()
        assert held is not None
        assert endpoints_due(now=LATER) == []
        assert hold(endpoint.id, now=LATER) is None
        let_go(held)
        db.session.commit()
        assert endpoints_due(now=LATER) == [endpoint.id]
