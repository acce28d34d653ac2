"""A worker is counted while it lives, whatever became of Redis, and forks little."""

import gc
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from rq.worker import Worker as RqWorker

from jobs.health import workers
from jobs.runtime import QUEUES
from jobs.worker import DashboardWorker


@pytest.fixture
def worker(app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[DashboardWorker]:
    """A worker that has registered and waits for work."""
    monkeypatch.setattr("jobs.worker.create_app", lambda: app)
    made = DashboardWorker(list(QUEUES), connection=redis)
    made.register_birth()
    yield made
    gc.unfreeze()


def test_a_worker_is_known_again_after_redis_lost_its_data(
    worker: DashboardWorker, redis: Redis
) -> None:
    redis.flushdb()
    assert workers(redis) == 0
    worker.heartbeat()
    assert workers(redis) == 1


def test_it_gives_its_signs_of_life_within_a_job_too(worker: DashboardWorker, redis: Redis) -> None:
    redis.flushdb()
    with redis.pipeline() as pipe:
        worker.heartbeat(90, pipe)
        assert workers(redis) == 0
        pipe.execute()
    assert workers(redis) == 1


def test_a_killed_worker_is_forgotten_within_a_minute_and_a_half(
    worker: DashboardWorker, redis: Redis
) -> None:
    worker.heartbeat()
    assert 0 < redis.ttl(worker.key) <= 90
    assert worker.dequeue_timeout < 30


def test_a_worker_that_said_goodbye_is_not_counted(worker: DashboardWorker, redis: Redis) -> None:
    worker.register_death()
    assert workers(redis) == 0


def test_it_starts_no_second_clock(
    worker: DashboardWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(RqWorker, "work", lambda _self, **how: asked.append(how))
    worker.work(burst=True, with_scheduler=True)
    assert asked == [{"burst": True, "with_scheduler": False}]
