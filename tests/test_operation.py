"""What operators and orchestrators are told: ready or not, and whether the work goes on."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.clock import utc_now
from jobs import ticks
from jobs.syncs import sync_run
from tests.jobs.test_health import WORKER


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
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["clock"] == "unknown without Redis"
