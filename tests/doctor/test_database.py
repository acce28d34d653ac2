"""What is said of PostgreSQL."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from dashboard import readiness
from dashboard.app import create_app
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.doctor import clocks, database
from dashboard.doctor.finding import Finding
from tests.support.environment import config
from tests.support.services import Worker


@pytest.fixture
def ours(services: Worker) -> Config:
    """The configuration under test."""
    return config(services.database_url, services.redis_url)


def by_name(found) -> dict[str, Finding]:
    """Return the findings by what was looked at."""
    return {one.name: one for one in found}


def test_the_tests_own_server_is_looked_at_from_all_sides(db: SQLAlchemy, ours: Config) -> None:
    found = by_name(database.findings(ours, workers_alive=0))
    states = {name: one.state for name, one in found.items()}
    # It is one that may lose everything, and the tests own its tables.
    assert states.pop("durability") == "mend"
    assert "fsync" in found["durability"].seen
    assert states.pop("role") == "look"
    assert states.pop("partitions") in ("ok", "look")
    assert set(states.values()) == {"ok"}
    assert states.keys() == {
        "version", "migrations", "clock of the database", "connections", "guards",
        "STRIPE_TAX_PRODUCT",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "table"),
    [("audit_entries_are_facts", "audit_entries"), ("invoices_guard", "invoices")],
)
def test_a_guard_that_somebody_turned_off_is_to_be_turned_on(
    db: SQLAlchemy, trigger: str, table: str
) -> None:
    db.session.execute(text(f"alter table {table} disable trigger {trigger}"))
    found = database.guards()
    db.session.rollback()
    assert found.state == "mend"
    assert found.seen.startswith(f"{trigger} off")


def test_more_connections_than_the_server_has_are_said_with_what_to_do() -> None:
    settings = {"max_connections": "100", "superuser_reserved_connections": "3"}
    few = database.connections(settings, {"web": 24, "workers": 73})
    assert (few.state, few.seen) == ("ok", "up to 97 (24 web, 73 workers) of 97")
    many = database.connections(settings, {"web": 24, "workers": 74})
    assert many.state == "mend"
    assert "WORKER_CONNECTIONS" in many.to_do


def test_workers_that_live_count_also_when_nobody_configured_them(
    db: SQLAlchemy, ours: Config
) -> None:
    found = by_name(database.findings(ours, workers_alive=50))
    assert "500 workers" in found["connections"].seen
    assert found["connections"].state == "mend"


def test_a_server_older_than_any_that_was_tried_is_refused() -> None:
    old = {"server_version": "14.9", "server_version_num": "140009"}
    assert database.version(old).state == "mend"
    assert database.version(old | {"server_version_num": "150018"}).state == "ok"


def test_a_database_that_is_not_migrated_is_sent_to_the_command(
    db: SQLAlchemy, ours: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = readiness.Part("at None, needs 0041", serves=False)
    monkeypatch.setattr(readiness, "migrations", lambda: part)
    found = by_name(database.findings(ours, workers_alive=0))
    assert found["migrations"].state == "mend"
    assert "db upgrade" in found["migrations"].to_do
    assert "role" not in found


def test_the_partition_of_the_coming_month_is_looked_for(db: SQLAlchemy) -> None:
    name = db.session.scalar(text("select to_char(now() + interval '1 month', 'YYYY_MM')"))
    db.session.execute(text(f"drop table if exists usage_records_{name}"))
    assert database.months().state == "look"
    month = text(
        "select make_usage_partition(date_trunc('month', now() + interval '1 month', 'UTC'))"
    )
    db.session.execute(month)
    assert database.months().state == "ok"
    db.session.rollback()


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0.5, "ok", "matches"),
        (30, "look", "30 s ahead"),
        (-30, "look", "30 s behind"),
        (200, "mend", "200 s ahead"),
        (-200, "mend", "200 s behind"),
    ],
)
def test_a_clock_that_differs_is_said_and_by_how_much(seconds, state, words) -> None:
    now = utc_now()
    found = clocks.compare("Redis", now + timedelta(seconds=seconds), before=now, after=now)
    assert found.state == state
    assert words in found.seen


def test_why_the_database_is_not_reached_is_said(services: Worker) -> None:
    nowhere = config("postgresql://nobody@127.0.0.1:9/billing", services.redis_url)
    with create_app(nowhere).app_context():
        (found,) = database.findings(nowhere, workers_alive=0)
    assert found.state == "mend"
    assert "refused" in found.seen
    assert found.seen.isprintable()
