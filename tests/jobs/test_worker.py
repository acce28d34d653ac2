"""A worker is counted while it lives, and each job finds it as if it were new."""

import os

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq.worker import BaseWorker
from sqlalchemy import text

from dashboard.extensions import db as database
from jobs import single
from jobs.health import workers
from jobs.queues import QUEUES, queue_named
from jobs.runtime import job
from jobs.single import SingleWorker
from tests.support import deadly
from tests.support.working_off import work_off


def test_a_worker_is_known_again_after_redis_lost_its_data(
    worker: SingleWorker, redis: Redis
) -> None:
    redis.flushdb()
    assert workers(redis) == 0
    worker.heartbeat()
    assert workers(redis) == 1


def test_it_gives_its_signs_of_life_within_a_job_too(worker: SingleWorker, redis: Redis) -> None:
    redis.flushdb()
    with redis.pipeline() as pipe:
        worker.heartbeat(90, pipe)
        assert workers(redis) == 0
        pipe.execute()
    assert workers(redis) == 1


def test_a_killed_worker_is_forgotten_within_a_minute_and_a_half(
    worker: SingleWorker, redis: Redis
) -> None:
    worker.heartbeat()
    assert 0 < redis.ttl(worker.key) <= 90
    assert worker.dequeue_timeout < 30


def test_a_worker_that_said_goodbye_is_not_counted(worker: SingleWorker, redis: Redis) -> None:
    worker.register_death()
    assert workers(redis) == 0


def test_it_starts_no_second_clock(worker: SingleWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(BaseWorker, "work", lambda _self, **how: asked.append(how))
    worker.work(burst=True, with_scheduler=True)
    assert asked == [{"burst": True, "with_scheduler": False}]


def test_jobs_run_in_the_worker_itself(worker: SingleWorker, db: SQLAlchemy, redis: Redis) -> None:
    deadly.tells_its_process.push(())
    work_off(worker)
    assert int(redis.get(deadly.DONE_BY) or 0) == os.getpid()


@job(queue="closing", timeout=1)
def sleeps_in_the_database() -> None:
    """Wait for an answer that does not come in time."""
    database.session.execute(text("select pg_sleep(30)"))


def test_a_job_cut_off_in_the_midst_of_an_answer_leaves_no_connection_to_the_next(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis
) -> None:
    sleeps_in_the_database.push(())
    deadly.tells_its_process.push(())
    [late] = queue_named("closing", redis).jobs
    work_off(worker)
    assert late.get_status(refresh=True) == "failed"
    assert redis.exists(deadly.DONE_BY)
    with db.engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1


@job(queue="closing", timeout=5)
def opens_ten_connections() -> None:
    """Use as many connections at once as a batch's threads do."""
    held = [database.engine.connect() for _ in range(10)]
    for connection in held:
        connection.close()


def test_a_batch_leaves_no_more_connections_open_than_the_next_job_needs(
    worker: SingleWorker, db: SQLAlchemy, redis: Redis
) -> None:
    opens_ten_connections.push(())
    work_off(worker)
    assert db.engine.pool.checkedin() <= single.KEPT_CONNECTIONS


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_JOBS", 1), ("MOST_MEMORY_MB", 1), ("MOST_SECONDS", -1)]
)
def test_a_worker_ends_once_it_has_done_much_or_grown_or_is_old(
    app: Flask,
    db: SQLAlchemy,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
) -> None:
    monkeypatch.setattr(single, limit, value)
    for number in range(2):
        deadly.tells_its_process.put(redis, f"job-{number}", (), "closing")
    SingleWorker(list(QUEUES), connection=redis, app=app).work(burst=True)
    del app.extensions["worker"]
    assert queue_named("closing", redis).count == 1


class Heard(SingleWorker):
    """A worker that notes which jobs it gave signs of life for."""

    def maintain_heartbeats(self, job: object, _execution: object) -> None:
        """Note it."""
        self.connection.rpush("heard", str(job))


def test_a_job_that_takes_long_gives_signs_of_life(
    app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    heard = Heard(list(QUEUES), connection=redis, app=app, job_monitoring_interval=0.05)
    with heard.pulse, heard.pulse.of("a job", "an execution"):
        assert redis.blpop(["heard"], timeout=5) == (b"heard", b"a job")
    del app.extensions["worker"]
