"""What operators and orchestrators are told: ready or not, and whether the work goes on."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import text

from dashboard.clock import utc_now
from dashboard.webhooks.models import WebhookEvent
from jobs import ticks
from jobs.syncs import sync_run
from tests.support.working_off import WORKER


@pytest.fixture
def working(redis: Redis) -> Redis:
    """A Redis of a clock that has just ticked, and of one worker."""
    ticks.declare(redis, {"roll_due": 5})
    ticks.note(redis, "roll_due")
    redis.sadd("rq:workers", WORKER)
    redis.hset(WORKER, "birth", "now")
    return redis


def figures(client: FlaskClient) -> dict[str, float]:
    """Return the lines of /metrics by name and labels."""
    lines = client.get("/metrics").text.splitlines()
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")
    }


def test_ready_says_that_the_work_goes_on(client: FlaskClient, working: Redis) -> None:
    answer = client.get("/readyz")
    parts = ("database", "redis", "migrations", "clock", "workers", "queues")
    assert answer.status_code == 200
    assert answer.json["status"] == "ready"
    assert {name: answer.json[name] for name in parts} == dict.fromkeys(parts, "ok")


def test_work_that_stands_still_is_told_but_pages_can_be_served(
    client: FlaskClient, redis: Redis
) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert answer.json["clock"] == "has never run on this Redis"
    assert answer.json["workers"] == "none is running"


def test_the_ages_and_the_workers_are_metrics(client: FlaskClient, working: Redis) -> None:
    working.hset(ticks.LAST, "roll_due", str(utc_now().timestamp() - 100))
    with client.application.app_context():
        sync_run.push([1], "closing")
    found = figures(client)
    assert 99 < found['dashboard_clock_tick_age_seconds{entry="roll_due"}'] < 110
    assert found["dashboard_clock_entries_late"] == 1
    assert found['dashboard_queue_jobs{queue="closing"}'] == 1
    assert 0 <= found['dashboard_queue_oldest_seconds{queue="closing"}'] < 10
    assert found["dashboard_workers"] == 1


def test_a_clock_that_never_ran_is_an_alarm_and_no_gap_in_the_figures(
    client: FlaskClient, redis: Redis
) -> None:
    ticks.declare(redis, {"roll_due": 5})
    found = figures(client)
    assert found['dashboard_clock_tick_age_seconds{entry="roll_due"}'] == float("inf")
    assert found["dashboard_workers"] == 0


def test_without_redis_the_figures_are_still_answered_and_red(
    client: FlaskClient, app: Flask, working: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", Redis(port=9))
    found = figures(client)
    assert found["dashboard_clock_entries_late"] == float("inf")
    assert found["dashboard_workers"] == 0
    assert found["dashboard_redis_up"] == 0


def test_without_redis_pages_are_served_and_it_is_said(
    client: FlaskClient, app: Flask, working: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", Redis(port=9))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert "unreachable" in answer.json["redis"]
    assert answer.json["clock"] == "unknown without Redis"


@pytest.fixture
def revision(db: SQLAlchemy) -> Iterator[Callable[[str | None], None]]:
    """Returns what makes the database believe that it is at another migration."""
    at = db.session.scalar(text("select version_num from alembic_version"))

    def put(found: str | None) -> None:
        db.session.execute(text("delete from alembic_version"))
        if found is not None:
            insert = text("insert into alembic_version values (:found)")
            db.session.execute(insert, {"found": found})
        db.session.commit()

    yield put
    db.session.rollback()
    put(at)


def test_a_database_that_is_newer_than_the_code_can_be_served(
    client: FlaskClient, working: Redis, revision: Callable[[str | None], None]
) -> None:
    revision("9999_of_a_later_release")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert "newer than this code" in answer.json["migrations"]


@pytest.mark.parametrize("found", ["0001_people", "0002_of_nobody", "somebody_elses", None])
def test_a_database_that_is_older_or_of_somebody_else_cannot(
    client: FlaskClient, working: Redis, revision: Callable[[str | None], None], found: str | None
) -> None:
    revision(found)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "not ready")
    assert "db upgrade" in answer.json["migrations"]


def test_an_event_that_was_given_up_is_none_any_more_once_it_is_processed(
    client: FlaskClient, working: Redis, db: SQLAlchemy
) -> None:
    event = WebhookEvent(
        stripe_event_id="evt_1", type="invoice.paid", payload={}, state="dead",
        created_at=utc_now(), received_at=utc_now(),
    )  # fmt: skip
    db.session.add(event)
    db.session.commit()
    dead = 'dashboard_webhook_events{state="dead"}'
    assert figures(client)[dead] == 1
    event.state = "processed"
    db.session.commit()
    assert figures(client)[dead] == 0
