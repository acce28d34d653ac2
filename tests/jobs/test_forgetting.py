"""What is over goes in slices; a walk that was broken off goes on where it stood."""

import time

from flask import Flask
from redis import Redis

from dashboard.clock import utc_now
from dashboard.config import Config
from jobs.forgetting import forget_old, slices
from jobs.walk import PLACES, walk


def test_a_walk_goes_on_where_it_stood(app: Flask, db, redis: Redis) -> None:
    seen: list[int] = []

    def forget(place: int) -> int | None:
        seen.append(place)
        return place + 10 if place < 50 else None

    walk("runs", forget, ends_at=time.monotonic())
    assert redis.hget(PLACES, "runs") == b"10"
    walk("runs", forget, ends_at=time.monotonic() + 60)
    assert seen == [0, 10, 20, 30, 40, 50]
    assert redis.hget(PLACES, "runs") is None


def test_what_is_kept_for_ever_is_not_looked_at(app: Flask) -> None:
    config: Config = app.extensions["config"]
    never = {
        "sync_runs_kept_days": 0, "webhook_events_kept_days": 0, "usage_keys_kept_days": 0,
        "outgoing_events_kept_days": 0,
    }  # fmt: skip
    every = ["runs", "bulk", "events", "lines", "told", "keys"]
    assert [name for name, _ in slices(config, utc_now())] == every
    assert list(slices(config.model_copy(update=never), utc_now())) == []


def test_the_task_goes_through_everything(app: Flask, db, redis: Redis) -> None:
    forget_old()
    assert redis.hgetall(PLACES) == {}
