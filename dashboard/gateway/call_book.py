"""How many calls went to Stripe, hour by hour: for whom and what, how long, how many failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from redis import Redis
from redis.client import Pipeline

from dashboard.clock import utc_now
from dashboard.gateway.priorities import PRIORITIES, Priority, current_priority
from dashboard.gateway.reasons import REASONS, Reason, current_reason

HOURS = 24
KEPT = timedelta(hours=HOURS + 2)
HOUR = timedelta(hours=1)


class Tally(NamedTuple):
    """Calls, the milliseconds that they took in flight, and how many of them failed."""

    calls: int = 0
    milliseconds: int = 0
    failed: int = 0

    @property
    def mean_milliseconds(self) -> float | None:
        """How long one took on average; None where there was none."""
        return self.milliseconds / self.calls if self.calls else None

    def __or__(self, more: Tally) -> Tally:
        """Return both added up."""
        return Tally(*(one + other for one, other in zip(self, more, strict=True)))


@dataclass(frozen=True, slots=True)
class HourOfCalls:
    """Calls that ended in an hour, by priority; `failed` ones got no answer or one of no use.

    Calls of a former release have no reason.
    """

    begins: datetime
    by_priority: Mapping[Priority, int]
    failed: int
    milliseconds: int
    by_reason: Mapping[Reason, Tally] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """How many there were, of every priority."""
        return sum(self.by_priority.values())

    @property
    def mean_milliseconds(self) -> float | None:
        """How long one took on average, in flight; None where there was none."""
        return self.milliseconds / self.calls if self.calls else None


class CallBook:
    """Adds calls up in Redis, with what the limiter writes there anyway at the end of each."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    def note(self, pipe: Pipeline, *, seconds: float, has_succeeded: bool) -> None:
        """Count a call of the present priority and reason that took so long, with `pipe`."""
        key, reason = self._key(_hour_of(utc_now())), current_reason()
        milliseconds = round(seconds * 1000)
        pipe.hincrby(key, current_priority(), 1)
        pipe.hincrby(key, "milliseconds", milliseconds)
        pipe.hincrby(key, f"calls:{reason}", 1)
        pipe.hincrby(key, f"milliseconds:{reason}", milliseconds)
        if not has_succeeded:
            pipe.hincrby(key, "failed", 1)
            pipe.hincrby(key, f"failed:{reason}", 1)
        pipe.expire(key, KEPT)

    def hours(self) -> list[HourOfCalls]:
        """Return the present hour and those before it, the last day in all, newest first."""
        begun = [_hour_of(utc_now()) - back * HOUR for back in range(HOURS)]
        pipe = self._redis.pipeline(transaction=False)
        for at in begun:
            pipe.hgetall(self._key(at))
        return [_hour(at, told) for at, told in zip(begun, pipe.execute(), strict=True)]

    def _key(self, hour: datetime) -> str:
        return f"{self._prefix}:hour:{hour:%Y-%m-%dT%H}"


def _hour(begins: datetime, told: Mapping[bytes, bytes]) -> HourOfCalls:
    numbers = {name.decode(): int(number) for name, number in told.items()}
    return HourOfCalls(
        begins,
        {priority: numbers.get(priority, 0) for priority in PRIORITIES},
        numbers.get("failed", 0),
        numbers.get("milliseconds", 0),
        {
            reason: Tally(*(numbers.get(f"{what}:{reason}", 0) for what in Tally._fields))
            for reason in REASONS
        },
    )


def by_reason(hours: Sequence[HourOfCalls]) -> list[tuple[Reason, Tally]]:
    """Return what calls were made for in these hours, most calls first; none without one."""
    added = {
        reason: reduce(or_, (one.by_reason.get(reason, Tally()) for one in hours), Tally())
        for reason in REASONS
    }
    some = [(reason, tally) for reason, tally in added.items() if tally.calls]
    return sorted(some, key=lambda one: -one[1].calls)


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
