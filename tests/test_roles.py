"""Run as a role that owns nothing: what deploy/postgresql grants is what the product needs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from dashboard import readiness
from dashboard.app import create_app
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.usage.partitions import ensure_partitions
from dashboard.usage.reported import ReportedRecord
from tests.factories import MeteredPriceFactory, make_organization, make_service
from tests.support.environment import ROOT, config
from tests.support.services import Worker
from tests.support.usage import record_batch

GRANTS = (ROOT / "deploy" / "postgresql" / "grants.sql").read_text()
# A year of its own: partitions outlive the rows that a test leaves.
MARCH = datetime(2032, 3, 15, 12, tzinfo=UTC)
PARTITIONS = """
    select inhrelid::regclass::text from pg_inherits
    where inhparent = 'usage_records'::regclass and inhrelid::regclass::text like '%_2032_%'
"""


@pytest.fixture
def owner(services: Worker, db) -> Iterator[psycopg.Connection]:
    """The owner's connection to the database."""
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def role(owner: psycopg.Connection) -> Iterator[str]:
    """A role that was granted what the file says; roles are the whole server's, so it is named."""
    name = f"{owner.info.dbname}_role"
    written = sql.Identifier(name)
    owner.execute(sql.SQL("create role {} login").format(written))
    try:
        owner.execute(GRANTS.replace("to billing;", f"to {name};").encode())
        yield name
    finally:
        for [partition] in owner.execute(PARTITIONS.encode()).fetchall():
            owner.execute(sql.SQL("drop table {}").format(sql.Identifier(partition)))
        owner.execute(sql.SQL("drop owned by {}").format(written))
        owner.execute(sql.SQL("drop role {}").format(written))


@pytest.fixture
def app_of_role(role: str, services: Worker) -> Iterator[Flask]:
    """The application, connected as that role."""
    address = services.database_url.replace("://postgres@", f"://{role}@")
    built = create_app(config(address, services.redis_url))
    with built.app_context():
        yield built
        database.session.remove()
        database.engine.dispose()


def test_new_partitions_are_made_and_records_moved_into_them(app_of_role: Flask) -> None:
    with transaction():
        organization = make_organization(anchor=MARCH, now=MARCH)
        make_service(organization, MeteredPriceFactory(), now=MARCH)
        record_batch([ReportedRecord("acme", "requests", "k1", Decimal(1), MARCH)], now=MARCH)
    with transaction():
        assert len(ensure_partitions(MARCH)) == 6
    lies_in = database.session.scalar(text("select tableoid::regclass::text from usage_records"))
    assert lies_in == "usage_records_2032_03"


def test_the_role_sees_whether_the_database_is_migrated(app_of_role: Flask) -> None:
    assert readiness.migrations().state == "ok"


def test_tables_that_a_later_migration_makes_are_granted_already(
    app_of_role: Flask, owner: psycopg.Connection
) -> None:
    owner.execute("create table of_a_later_release (id bigint generated always as identity)")
    try:
        database.session.execute(text("insert into of_a_later_release default values"))
        rows = database.session.scalar(text("select count(*) from of_a_later_release"))
        assert rows == 1
        database.session.rollback()
    finally:
        owner.execute("drop table of_a_later_release")


@pytest.mark.parametrize(
    "statement",
    [
        "alter table invoices disable trigger all",
        "drop table audit_entries",
        "truncate audit_entries",
        "create table mine (id int)",
        "alter table usage_records detach partition usage_records_default",
    ],
)
def test_the_role_cannot_change_what_guards_the_ledger(app_of_role: Flask, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
        database.session.execute(text(statement))


@pytest.mark.parametrize("month", ["2032-03-02 00:00+00", "1500-01-01 00:00+00"])
def test_no_partition_is_made_but_of_a_month_near_now(app_of_role: Flask, month: str) -> None:
    with pytest.raises(DBAPIError, match=r"month in UTC|too far away"):
        database.session.execute(text("select make_usage_partition(:at)"), {"at": month})
