"""Jobs and schedule, as support sees it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from redis.exceptions import ConnectionError
from rq_scheduler import Scheduler
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db
from jobs import ticks
from jobs.overview import due
from jobs.schedule import reconcile
from tests.pages import page, post, text_of

ADDRESS = "/jobs"


@pytest.fixture
def failed(redis: Redis) -> Redis:
    """A Redis in which a job failed that nobody here queued."""
    redis.hset("rq:job:one", mapping={"data": b"no job", "origin": "mail"})
    redis.zadd("rq:failed:mail", {"one": utc_now().timestamp() + 60})
    return redis


def test_everything_that_goes_on_is_on_the_page(support: FlaskClient, redis: Redis) -> None:
    ticks.declare(redis, {"roll_due": 5})
    ticks.note(redis, "roll_due")
    words = text_of(page(support.get(ADDRESS)))
    for heading in ("Workers", "Queues", "Schedule", "Failed jobs"):
        assert heading in words
    assert "No worker is running" in words
    assert "No failed jobs" in words
    assert "Roll due" in words


def test_the_clock_says_when_it_is_due_next(support: FlaskClient, redis: Redis) -> None:
    ticks.declare(redis, {"roll_due": 5, "fold_usage": 1})
    due = {"schedule-roll_due-0123456789ab": utc_now().timestamp() + 90}
    redis.zadd("rq:scheduler:scheduled_jobs", due)
    rows = [text_of(row) for row in page(support.get(ADDRESS)).select("tbody tr")]
    assert any("Roll due" in row and "in 1 min" in row for row in rows), rows
    assert any("Fold usage" in row and "all the time" in row for row in rows)


def test_what_can_not_be_retried_can_be_taken_off(support: FlaskClient, failed: Redis) -> None:
    found = page(support.get(ADDRESS))
    assert found.select_one('form[action="/jobs/failed/one/retry"]') is None
    answer = post(support, "/jobs/failed/one/removal")
    assert "The job is removed from the list" in text_of(page(support.get(answer.location)))
    assert failed.zcard("rq:failed:mail") == 0
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.action == "job.removed"


def test_a_job_that_is_gone_is_said_to_be(support: FlaskClient, redis: Redis) -> None:
    answer = post(support, "/jobs/failed/other/retry")
    assert "is not in the list" in text_of(page(answer, 404))


def test_without_redis_the_page_says_so(
    app: Flask, support: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("dashboard.views.work.read_overview", unreachable)
    assert "Redis is not answering" in text_of(page(support.get(ADDRESS)))


def test_a_poll_answers_with_the_part_that_moves(support: FlaskClient, redis: Redis) -> None:
    answer = support.get(ADDRESS, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "Workers" in answer.text


@pytest.fixture
def scheduled(app: Flask, redis: Redis) -> Redis:
    """A Redis that holds the clock's table."""
    reconcile(Scheduler(connection=redis))
    return redis


def test_an_admin_runs_pauses_and_resumes_an_entry_on_record(
    admin: FlaskClient, scheduled: Redis
) -> None:
    answer = post(admin, "/jobs/schedule/backfill_events/runs")
    assert "Backfill events runs within a second" in text_of(page(admin.get(answer.location)))
    assert due(scheduled)["backfill_events"] <= 0
    post(admin, "/jobs/schedule/backfill_events/pause")
    words = text_of(page(admin.get(ADDRESS)))
    assert "Part of the schedule is paused Backfill events." in words
    assert "Paused by " in words
    assert post(admin, "/jobs/schedule/backfill_events/runs").status_code == 409
    post(admin, "/jobs/schedule/backfill_events/resumption")
    assert "Paused by " not in text_of(page(admin.get(ADDRESS)))
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(3)).all()
    assert [one.action for one in entries] == [
        "schedule.resumed", "schedule.paused", "schedule.run"
    ]  # fmt: skip
    assert entries[0].facts == {"entry": "Backfill events"}


def test_support_sees_the_schedule_and_is_offered_no_change_of_it(
    support: FlaskClient, scheduled: Redis
) -> None:
    ticks.note(scheduled, "roll_due", 0.0123)
    shown = page(support.get(ADDRESS))
    rows = [text_of(row) for row in shown.select("tbody tr")]
    assert any(row.startswith("Roll due") and "12 ms" in row for row in rows)
    assert shown.select_one('form[action^="/jobs/schedule"]') is None
    assert post(support, "/jobs/schedule/roll_due/pause").status_code == 403


def test_an_entry_that_there_is_not_is_neither_run_nor_paused(
    admin: FlaskClient, scheduled: Redis
) -> None:
    for act in ("runs", "pause", "resumption"):
        assert post(admin, f"/jobs/schedule/fold_usage/{act}").status_code == 404
    assert ticks.paused(scheduled) == {}
