"""That usage was refused is told once a minute, and what is accepted pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.extensions import db as database
from dashboard.outgoing.models import OutgoingEvent
from dashboard.transaction import rollback
from dashboard.usage import refusals
from tests.api.conftest import Caller, acme, caller, caller_with
from tests.support.outgoing import kinds, listens
from tests.support.queries import count_queries

__all__ = ["acme", "caller", "caller_with"]
NOW = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    """Time stands still, and nothing was told in this minute."""
    refusals._told.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    refusals._told.clear()


def send(caller: Caller, **told: object) -> int:
    """Send a record that nobody has, or another; return the answer's status."""
    record = {
        "organization": "nobody", "meter": "requests", "key": "k", "quantity": "2",
        "recorded_at": NOW.isoformat(),
    } | told  # fmt: skip
    return caller.post("/usage", {"records": [record]}).status_code


def events() -> list[OutgoingEvent]:
    """Return the events that there are."""
    rollback()
    return list(database.session.scalars(select(OutgoingEvent).order_by(OutgoingEvent.id)))


def test_a_refusal_is_told_once_in_a_minute_for_each_reason(caller: Caller, acme: object) -> None:
    listens("https://receiver.example/", now=NOW)
    for _ in range(5):
        assert send(caller) == 422
    assert send(caller, organization="acme", meter="unheard") == 422
    told = [one.data["refusal"] for one in events()]
    assert [one["code"] for one in told] == ["unknown_organization", "unknown_meter"]
    assert told[0] == {
        "sender": "sub-system",
        "code": "unknown_organization",
        "records": 1,
        "first": {
            "index": 0,
            "field": "organization",
            "detail": "There is no organization nobody.",
        },
    }
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        send(caller)
    assert len(events()) == 3


def test_another_process_that_tells_the_same_minute_finds_it_taken(caller: Caller) -> None:
    listens("https://receiver.example/", now=NOW)
    send(caller)
    # What that process knows is its own.
    refusals._told.clear()
    send(caller)
    assert len(events()) == 1


def test_senders_are_told_apart(caller: Caller, caller_with: object) -> None:
    listens("https://receiver.example/", now=NOW)
    send(caller)
    send(caller_with("usage:write"))
    assert len(events()) == 2


def test_where_nobody_listens_nothing_is_written(caller: Caller) -> None:
    send(caller)
    assert events() == []
    assert kinds() == []


def test_a_flood_of_refusals_costs_one_statement_more_in_a_minute(
    db: SQLAlchemy, caller: Caller
) -> None:
    listens("https://receiver.example/", now=NOW)
    counts = []
    for _ in range(3):
        with count_queries(db.engine) as queries:
            send(caller)
        counts.append(sum("outgoing_events" in one for one in queries.statements))
    assert counts == [1, 0, 0]


def test_what_is_accepted_costs_no_statement_more(
    db: SQLAlchemy, caller: Caller, acme: object
) -> None:
    usual = {"organization": "acme", "recorded_at": (NOW - timedelta(minutes=1)).isoformat()}
    assert send(caller, key="first", **usual) == 200
    with count_queries(db.engine) as without:
        assert send(caller, key="second", **usual) == 200
    listens("https://receiver.example/", now=NOW)
    with count_queries(db.engine) as with_one:
        assert send(caller, key="third", **usual) == 200
    assert with_one.count == without.count
    assert not any("event_endpoints" in one for one in with_one.statements)


def test_what_a_process_remembers_is_bounded() -> None:
    for minute in range(3):
        now = NOW + timedelta(minutes=minute)
        for token in range(50):
            told = [{"code": f"code {number}"} for number in range(100)]
            refusals.fresh_refusals(token, told, now=now)
        assert len(refusals._told) == 50 * refusals.MOST_REASONS
