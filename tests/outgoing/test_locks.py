"""Who sends and who resumes an endpoint take its row before its deliveries, so neither is stuck."""

from __future__ import annotations

from datetime import timedelta
from socket import socket

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, event, text

from dashboard.clock import utc_now
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from tests.support.outgoing import deliveries, listens, loopback, send
from tests.support.receivers import Received, answers, receiver

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")
RESUMED = "update event_endpoints set state = 'on' where id = :id"
SENT_NOW = "update event_deliveries set next_attempt_at = now() where state = 'waits'"


def tell_some(number: int, key: str) -> None:
    """Tell so many things about one invoice."""
    now = utc_now()
    with transaction():
        for one in range(number):
            fact = Fact(
                kind="invoice.paid",
                subject=f"{key}{one}",
                ordering_key=key,
                at=now,
                data={"n": one},
            )
            tell([fact], now=now)


def test_a_person_who_resumes_while_an_event_is_under_way_is_not_in_its_way(
    db: SQLAlchemy,
) -> None:
    somebody = create_engine(db.engine.url)
    refused: list[str] = []

    def resumes(connection: socket, request: Received) -> None:
        answer = answers(204)
        try:
            with somebody.begin() as acts:
                acts.execute(text("set local lock_timeout = '3s'"))
                acts.execute(text(RESUMED), {"id": endpoint.id})
                # The worker hears of it now, and goes on while the person's transaction does.
                answer(connection, request)
                acts.execute(text("select pg_sleep(0.3)"))
                acts.execute(text(SENT_NOW))
        except Exception as error:  # told by the test: this is the receiver's thread
            refused.append(str(error))

    with receiver(resumes) as one:
        endpoint, _ = listens(one, now=utc_now())
        tell_some(2, "a")
        send(utc_now() + timedelta(seconds=1))
    somebody.dispose()
    assert refused == []
    assert {each.state for each in deliveries()} == {"delivered"}


def test_sending_takes_the_row_of_the_endpoint_first_in_each_transaction(db: SQLAlchemy) -> None:
    firsts: list[str] = []
    begins = [True]

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        locks = "UPDATE" in statement.upper() or "INSERT" in statement.upper()
        if locks and begins[0] and "event_" in statement:
            firsts.append(
                "endpoint" if "event_endpoints" in statement.split("WHERE")[0] else "other"
            )
            begins[0] = False

    def ends(_connection: object) -> None:
        begins[0] = True

    engine: Engine = db.engine
    with receiver() as one:
        listens(one, now=utc_now())
        tell_some(3, "a")
        tell_some(3, "b")
        event.listen(engine, "before_cursor_execute", note)
        event.listen(engine, "commit", ends)
        try:
            send(utc_now() + timedelta(seconds=1))
        finally:
            event.remove(engine, "before_cursor_execute", note)
            event.remove(engine, "commit", ends)
    assert set(firsts) == {"endpoint"}
    assert len(firsts) >= 6
