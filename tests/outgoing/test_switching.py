"""Endpoints that come back, are switched off, paused, removed, or asked to be sent to again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from dashboard.audit.models import AuditEntry
from dashboard.extensions import db
from dashboard.outgoing.again import replay_since, resend, send_test
from dashboard.outgoing.endpoints import pause, remove, resume
from dashboard.outgoing.models import EventEndpoint
from dashboard.outgoing.queue import backlog, endpoints_due, hold, let_go, note, take
from jobs import outgoing
from tests.factories import SUPPORT
from tests.support.outgoing import deliveries, listens, loopback, send
from tests.support.receivers import answers, receiver, says
from tests.support.sending import happen, numbers, refusing
from tests.support.void_cases import LATER

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")
DAY = timedelta(days=1)


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
