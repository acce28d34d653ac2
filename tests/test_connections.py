"""A connection that lay idle is asked whether it lives; one that was used a moment ago is not."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from psycopg import Connection
from sqlalchemy import text

from dashboard import extensions
from dashboard.driver import is_cut
from tests.support.services import Worker

OWN = text("select pg_backend_pid()")


def test_one_that_died_while_it_lay_idle_is_replaced_unnoticed(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.engine.dispose()
    with db.engine.connect() as connection:
        process = connection.scalar(OWN)
        connection.rollback()
        with db.engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:one)"), {"one": process})
    monkeypatch.setattr(extensions, "ASKED_AFTER_SECONDS", -1)
    for _ in range(3):
        with db.engine.connect() as connection:
            assert connection.scalar(OWN) != process


def test_one_that_was_just_used_is_not_asked(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(extensions, "answers", lambda one: asked.append(one) or True)
    # Not those of the test before, and however busy the machine is.
    db.engine.dispose()
    monkeypatch.setattr(extensions, "ASKED_AFTER_SECONDS", 60)
    for _ in range(3):
        with db.engine.connect() as connection:
            connection.scalar(OWN)
    assert asked == []
    monkeypatch.setattr(extensions, "ASKED_AFTER_SECONDS", -1)
    with db.engine.connect() as connection:
        connection.scalar(OWN)
    assert len(asked) == 1


def test_one_that_the_server_ended_a_moment_ago_is_replaced_unasked(
    services: Worker, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.engine.dispose()
    monkeypatch.setattr(extensions, "answers", lambda _one: pytest.fail("it was asked"))
    with db.engine.connect() as connection:
        process = connection.scalar(OWN)
        connection.rollback()
    with Connection.connect(services.database_url) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [process])
    with db.engine.connect() as connection:
        assert connection.scalar(OWN) != process


def test_listening_finds_what_the_server_closed(services: Worker, db: SQLAlchemy) -> None:
    with Connection.connect(services.database_url, autocommit=True) as connection:
        assert not is_cut(connection)
        end = text("select pg_terminate_backend(:one, 5000)")
        db.session.execute(end, {"one": connection.info.backend_pid})
        assert is_cut(connection)
        connection.close()
        assert is_cut(connection)
