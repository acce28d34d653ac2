"""A part counts as there once it has shown itself, not by what an older one left behind."""

from redis import Redis

from demo.up.probes import has_workers
from tests.support.services import Worker


def test_a_worker_that_was_killed_is_not_taken_for_the_one_just_started(services: Worker) -> None:
    with Redis.from_url(services.redis_url) as redis:
        redis.sadd("rq:workers", "rq:worker:killed")
        is_there = has_workers(services.redis_url)
        assert not is_there()
        redis.sadd("rq:workers", "rq:worker:started")
        assert is_there()
        redis.delete("rq:workers")


def test_no_worker_is_there_while_redis_is_away() -> None:
    assert not has_workers("redis://127.0.0.1:1/0")()
