"""The migrations are numbered, have one head, go down again, and make what the models say."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import DBAPIError

from dashboard.extensions import db
from tests.support.database import copy_database
from tests.support.environment import child_environment
from tests.support.services import Worker
from tests.support.template import ROOT, migrations_app

VERSIONS = ROOT / "migrations" / "versions"
# What is left of a database after its last migration was undone.
LEFT_OVER = (
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


@pytest.fixture
def empty_database(services: Worker) -> str:
    """The address of a database in which nothing was ever made."""
    url, _, query = services.database_url.partition("?")
    server = url.rsplit("/", 1)[0]
    name = f"{url.rsplit('/', 1)[1]}_migrations"
    copy_database(f"{server}/{{database}}?{query}", "template0", name)
    return f"{server}/{name}?{query}"


@pytest.fixture
def migrated(empty_database: str) -> Iterator[Flask]:
    """An application on that database, migrated to head."""
    app = migrations_app(empty_database)
    with app.app_context():
        upgrade()
        yield app
        db.engine.dispose()


def scripts() -> ScriptDirectory:
    """Return the migrations as Alembic sees them."""
    return ScriptDirectory(str(ROOT / "migrations"))


def numbered(path: Path) -> bool:
    """Whether a migration's file name starts with four digits."""
    return re.match(r"^\d{4}_[a-z0-9_]+$", path.stem) is not None


def test_there_is_one_head() -> None:
    assert len(scripts().get_heads()) == 1


def test_a_revision_is_named_as_its_file() -> None:
    for script in scripts().walk_revisions():
        assert script.revision == Path(script.path).stem


def test_the_numbers_follow_each_other_without_a_gap() -> None:
    files = sorted(path for path in VERSIONS.glob("*.py"))
    assert all(numbered(path) for path in files)
    assert [int(path.stem[:4]) for path in files] == list(range(1, len(files) + 1))


def test_each_revision_comes_after_the_number_before_it() -> None:
    for script in scripts().walk_revisions():
        before = script.down_revision
        expected = int(script.revision[:4]) - 1
        assert (before is None and expected == 0) or int(str(before)[:4]) == expected


def test_the_migrations_make_what_the_models_say(migrated: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, db.metadata)
    assert [one for one in differences if not is_partition(one)] == []


def test_what_goes_up_comes_down_and_goes_up_again(migrated: Flask, empty_database: str) -> None:
    downgrade(revision="base")
    with psycopg.connect(empty_database) as connection:
        assert connection.execute(LEFT_OVER).fetchone() == (0,)
    upgrade()
    with db.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == tuple(
            scripts().get_heads()
        )


def test_what_was_told_from_the_future_gives_way_to_what_follows(
    migrated: Flask, empty_database: str
) -> None:
    downgrade(revision="0027_agreed_details")
    with psycopg.connect(empty_database) as connection:
        default = {"id": "pm_1", "at": 16_725_225_600}
        cards = {"pm_1": {"at": 16_725_225_600, "step": 1}, "pm_2": {"at": 1_700_000_000}}
        connection.execute(
            "insert into organizations (slug, name, email, currency, collection_method,"
            " cycle_anchor_at, created_at, default_card, cards) values ('acme', 'Acme', 'a@b.co',"
            " 'usd', 'charge_automatically', now(), now(), %s, %s)",
            (json.dumps(default), json.dumps(cards)),
        )
        connection.execute(
            "insert into webhook_events (stripe_event_id, type, livemode, payload, source,"
            " created_at, received_at, state, attempts) values"
            " ('evt_1', 'x', false, '{}', 'webhook', '2500-01-01', '2026-11-01', 'processed', 1),"
            " ('evt_2', 'x', false, '{}', 'webhook', '2026-10-01', '2026-11-01', 'processed', 1)"
        )
    upgrade()
    with psycopg.connect(empty_database) as connection:
        row = connection.execute("select default_card, cards from organizations").fetchone()
        query = "select created_at::date::text from webhook_events order by id"
        days = connection.execute(query).fetchall()
    cards = {"pm_1": {"at": 0, "step": 1}, "pm_2": {"at": 1700000000}}
    assert row == ({"id": "pm_1", "at": 0}, cards)
    assert days == [("2026-11-01",), ("2026-10-01",)]


def is_partition(difference: object) -> bool:
    """Whether the difference is a month of usage records: the product makes those itself."""
    return re.search(r"usage_records_(\d{4}_\d{2}|default)", str(difference)) is not None


def test_two_machines_that_migrate_at_once_take_their_turns(empty_database: str) -> None:
    # Each in a process of its own, as they are deployed; indexes that are made while everybody
    # goes on end the transaction that used to hold the turn.
    environment = child_environment(empty_database, "redis://127.0.0.1:9/0")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [one.communicate(timeout=100)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    with psycopg.connect(empty_database) as connection:
        invalid = connection.execute("select count(*) from pg_index where not indisvalid")
        assert invalid.fetchone() == (0,)


def test_an_index_that_was_broken_off_is_made_anew(migrated: Flask, empty_database: str) -> None:
    downgrade(revision="0042_partitions_by_owner")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        # As a killed `create index concurrently` leaves it.
        connection.execute("create index ix_invoices_number on invoices (number)")
        connection.execute(
            "update pg_index set indisvalid = false"
            " where indexrelid = 'ix_invoices_number'::regclass"
        )
    upgrade()
    with psycopg.connect(empty_database) as connection:
        row = connection.execute(
            "select indisvalid, pg_get_indexdef(indexrelid) from pg_index"
            " where indexrelid = 'ix_invoices_number'::regclass"
        ).fetchone()
    assert row is not None
    assert row[0]
    assert "WHERE (number IS NOT NULL)" in row[1]


BREAKS_OFF = """
create or replace function break_off() returns trigger language plpgsql as
  'begin raise exception ''broken off''; end';
create trigger breaks_off before insert or update or delete on alembic_version
  for each row execute function break_off();
"""


def test_what_was_broken_off_in_the_midst_can_be_run_again(
    migrated: Flask, empty_database: str
) -> None:
    # What such a one did before it ended its transaction stays.
    again = [one for one in scripts().walk_revisions() if "autocommit_block" in _text(one)]
    assert len(again) > 14
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for one in again:
            downgrade(revision=str(one.down_revision))
            connection.execute(BREAKS_OFF)
            with pytest.raises(DBAPIError, match="broken off"):
                upgrade(revision=one.revision)
            connection.execute("drop trigger breaks_off on alembic_version")
            upgrade(revision=one.revision)
        upgrade()
        invalid = connection.execute("select count(*) from pg_index where not indisvalid")
        assert invalid.fetchone() == (0,)
        connection.execute("drop function break_off")


def _text(script: Script) -> str:
    return Path(script.path).read_text()
