"""How many calls went to Stripe, hour by hour: for whom, how long they took, how many failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from redis.client import Pipeline

from dashboard.clock import utc_now
from dashboard.gateway.lanes import LANES, Lane, current_lane

HOURS = 24
KEPT = timedelta(hours=HOURS + 2)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourOfCalls:
    """The calls that ended in an hour, by lane; `failed` ones got no answer or one of no use."""

    begins: datetime
    by_lane: Mapping[Lane, int]
    failed: int
    milliseconds: int

    @property
    def calls(self) -> int:
        """All of them."""
        return sum(self.by_lane.values())

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
        """Count a call of the present lane that took so long, with `pipe`."""
        key = self._key(_hour_of(utc_now()))
        pipe.hincrby(key, current_lane(), 1)
        pipe.hincrby(key, "milliseconds", round(seconds * 1000))
        if not has_succeeded:
            pipe.hincrby(key, "failed", 1)
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
        {lane: numbers.get(lane, 0) for lane in LANES},
        numbers.get("failed", 0),
        numbers.get("milliseconds", 0),
    )


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
