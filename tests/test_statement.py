"""Statements of pages: compiled once, their values given each time, and nothing written."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, String, func, select
from sqlalchemy.exc import DataError, OperationalError

from dashboard.database_failures import AWAY, failure_of, is_lost, sql_state
from dashboard.organizations.models import Organization
from dashboard.statement import Statement, may_write, only_read, parameter
from dashboard.transaction import commit, transaction
from tests.factories import make_organization

BY_NAME = Statement(
    select(Organization.id, Organization.tags)
    .where(Organization.name == parameter("name", String), Organization.currency.in_(["usd"]))
    .order_by(Organization.id)
    .limit(parameter("most", BigInteger))
)
ODD = Statement(select(func.concat("100 %s :most \\ '", parameter("text", String))))


def test_a_statement_finds_what_it_is_asked_for_each_time(db: SQLAlchemy) -> None:
    made = [make_organization(slug, name="Twin").id for slug in ("one", "two")]
    other = make_organization("three", name="Other").id
    assert [tuple(row) for row in BY_NAME.rows(name="Twin", most=9)] == [(one, []) for one in made]
    assert [row[0] for row in BY_NAME.rows(name="Twin", most=1)] == made[:1]
    assert BY_NAME.row(name="Other", most=1)[0] == other
    assert BY_NAME.row(name="' or true --", most=1) is None


def test_constants_and_values_may_hold_what_a_driver_reads_otherwise(db: SQLAlchemy) -> None:
    for text in ("%", ":name", "'; drop table x; --", "\\"):
        assert ODD.row(text=text)[0] == f"100 %s :most \\ '{text}"


def test_a_session_that_only_reads_refuses_to_write(db: SQLAlchemy) -> None:
    with transaction():
        number = make_organization("acme", name="Acme").id
    db.session.remove()
    only_read()
    found = db.session.get_one(Organization, number)
    found.name = "Changed"
    with pytest.raises(RuntimeError, match="only reads"):
        db.session.flush()
    commit()
    db.session.remove()
    assert db.session.get_one(Organization, number).name == "Acme"


def test_a_session_that_only_read_may_write_again(db: SQLAlchemy) -> None:
    only_read()
    may_write()
    assert not db.session.connection().connection.driver_connection.autocommit
    make_organization("acme")
    commit()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Organization)) == 1


def test_a_session_that_only_reads_begins_no_transaction(db: SQLAlchemy) -> None:
    only_read()
    assert db.session.connection().connection.driver_connection.autocommit
    db.session.remove()
    assert not db.session.connection().connection.driver_connection.autocommit


def test_a_transaction_that_has_begun_is_left_as_it_is(db: SQLAlchemy) -> None:
    make_organization("acme")
    only_read()
    commit()
    assert db.session.scalar(select(func.count()).select_from(Organization)) == 1


def test_a_statement_in_text_takes_its_values_and_may_return_nothing(db: SQLAlchemy) -> None:
    assert Statement("select {one}::int + {two}::int * {one}::int").rows(one=2, two=5) == [(12,)]
    assert Statement("set local work_mem = '5MB'").rows() == []


def test_a_statement_fails_as_any_other_does(db: SQLAlchemy) -> None:
    wrong = Statement(select(Organization.id / parameter("by", BigInteger)))
    with transaction():
        make_organization("acme")
    with pytest.raises(DataError) as raised:
        wrong.rows(by=0)
    assert sql_state(raised.value) == "22012"
    assert not is_lost(raised.value)
    db.session.rollback()
    assert wrong.rows(by=1)


def test_a_connection_that_is_lost_in_a_statement_is_given_up(db: SQLAlchemy) -> None:
    own = Statement(select(func.pg_terminate_backend(func.pg_backend_pid())))
    only_read()
    with pytest.raises(OperationalError) as raised:
        own.rows()
    assert is_lost(raised.value)
    assert failure_of(raised.value) == AWAY
    db.session.remove()
    assert Statement(select(func.count()).select_from(Organization)).row() == (0,)
