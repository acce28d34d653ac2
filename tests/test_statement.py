"""Statements of pages: compiled once, their values given each time, and nothing written."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, String, func, select

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
