"""When each entry of the clock last did its work: written by the clock, read by whoever watches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

from redis import Redis
from rq.utils import as_text

from dashboard.clock import utc_now

EVERY = "clock:every"
LAST = "clock:last"
SINCE = "clock:since"
TOOK = "clock:took"
PAUSED = "clock:paused"
# What the ids of the clock's entries begin with, in rq-scheduler's own set.
PREFIX = "schedule-"
# A machine that is too busy for a moment is no reason to wake anybody.
SHORTEST_ALARM_SECONDS = 60
MISSED = 3
# An entry is due within a minute of its first declaration, and a worker has to take it.
FIRST_SECONDS = 120


class Pause(NamedTuple):
    """Who paused an entry, and when in seconds since 1970."""

    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """An entry of the clock and how many seconds ago it last came to its end; None for never.

    `declared_seconds` ago it was declared first. Its last turn took `took_seconds`.
    """

    name: str
    every_seconds: int
    age_seconds: float | None
    declared_seconds: float = inf
    took_seconds: float | None = None
    paused: Pause | None = None

    @property
    def is_late(self) -> bool:
        """Whether it missed so many turns that somebody has to look; one that is paused never."""
        if self.paused:
            return False
        if self.age_seconds is None:
            return self.declared_seconds > FIRST_SECONDS
        return self.age_seconds > max(MISSED * self.every_seconds, SHORTEST_ALARM_SECONDS)


def declare(redis: Redis, table: Mapping[str, int]) -> None:
    """Say which entries there are and how often, in seconds, each is due."""
    now = str(utc_now().timestamp())
    with redis.pipeline() as pipe:
        pipe.delete(EVERY)
        for name, seconds in table.items():
            pipe.hset(EVERY, name, str(seconds))
            pipe.hsetnx(SINCE, name, now)
        pipe.execute()


def note(redis: Redis, name: str, took_seconds: float | None = None) -> None:
    """Note that the entry has just done what was due, and how long that took."""
    redis.hset(LAST, name, str(utc_now().timestamp()))
    if took_seconds is not None:
        redis.hset(TOOK, name, f"{took_seconds:.3f}")


def pause(redis: Redis, name: str, by: str) -> bool:
    """Let the clock leave the entry out until `resume`; whether it did not already."""
    told = Pause(by, utc_now().timestamp())
    return bool(redis.hsetnx(PAUSED, name, json.dumps(told)))


def resume(redis: Redis, name: str) -> bool:
    """Let the clock do the entry again; whether it was paused."""
    return bool(redis.hdel(PAUSED, name))


def paused(redis: Redis) -> dict[str, Pause]:
    """Return the entries that are paused, by name; raises ValueError for what none of us wrote."""
    return {as_text(name): _pause(told) for name, told in redis.hgetall(PAUSED).items()}


def _pause(written: bytes | str) -> Pause:
    told = json.loads(written)
    if not isinstance(told, list) or len(told) != len(Pause._fields):
        raise ValueError(f"{written!r} is no pause")
    return Pause(str(told[0]), _instant(str(told[1])))


def _instant(written: bytes | str) -> float:
    """Return what `note` wrote; raises ValueError for what is no instant."""
    seconds = float(written)
    if not isfinite(seconds):
        raise ValueError(f"{written!r} is no instant")
    return seconds


def read(redis: Redis) -> list[Tick]:
    """Return every entry as its clock declared it; none when no clock ever ran on this Redis."""
    every, last, since, took = (redis.hgetall(one) for one in (EVERY, LAST, SINCE, TOOK))
    pauses = paused(redis)
    now = utc_now().timestamp()
    return [
        Tick(
            as_text(name),
            int(seconds),
            now - _instant(last[name]) if name in last else None,
            now - _instant(since[name]) if name in since else inf,
            _instant(took[name]) if name in took else None,
            pauses.get(as_text(name)),
        )
        for name, seconds in every.items()
    ]
