"""When each entry of the clock last did its work: written by the clock, read by whoever watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite

from redis import Redis
from rq.utils import as_text

from dashboard.clock import utc_now

EVERY = "clock:every"
LAST = "clock:last"
SINCE = "clock:since"
# What the ids of the clock's entries begin with, in rq-scheduler's own set.
PREFIX = "schedule-"
# A machine that is too busy for a moment is no reason to wake anybody.
SHORTEST_ALARM_SECONDS = 60
MISSED = 3
# An entry is due within a minute of its first declaration, and a worker has to take it.
FIRST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Tick:
    """An entry of the clock and how many seconds ago it last came to its end; None for never.

    `declared_seconds` ago it was declared first.
    """

    name: str
    every_seconds: int
    age_seconds: float | None
    declared_seconds: float = inf

    @property
    def is_late(self) -> bool:
        """Whether it missed so many turns that somebody has to look."""
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


def note(redis: Redis, name: str) -> None:
    """Note that the entry has just done what was due."""
    redis.hset(LAST, name, str(utc_now().timestamp()))


def _instant(written: bytes | str) -> float:
    """Return what `note` wrote; raises ValueError for what is no instant."""
    seconds = float(written)
    if not isfinite(seconds):
        raise ValueError(f"{written!r} is no instant")
    return seconds


def read(redis: Redis) -> list[Tick]:
    """Return every entry as its clock declared it; none when no clock ever ran on this Redis."""
    every, last, since = (redis.hgetall(one) for one in (EVERY, LAST, SINCE))
    now = utc_now().timestamp()
    return [
        Tick(
            as_text(name),
            int(seconds),
            now - _instant(last[name]) if name in last else None,
            now - _instant(since[name]) if name in since else inf,
        )
        for name, seconds in every.items()
    ]
