"""How many requests a token has in a minute: counted in each process, told to the others in lots.

A request of a sub-system takes a third of a millisecond, so it asks neither the database nor Redis
what it may. Each process counts for itself; of every hundredth part of the allowance that it has
seen it tells Redis, and hears what the others did. So the processes together let through a few
hundredths more than they should at most, and a token that asks seldom costs Redis nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from redis.exceptions import RedisError

from dashboard.counting import shared_storage

WINDOW_SECONDS = 60
LOTS = 100
# In the environment of a request that the door has counted already.
SPENT = "dashboard.spent"
# Of more tokens in a minute none is counted: whoever sends made-up ones fills no memory.
MOST_KEPT = 10_000


class Spent(NamedTuple):
    """What a token has of its allowance after a request, and in how many seconds it begins anew."""

    limit: int
    left: int
    seconds: int
    is_over: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the caller is told of it."""
        return [
            ("RateLimit-Limit", str(self.limit)),
            ("RateLimit-Remaining", str(self.left)),
            ("RateLimit-Reset", str(self.seconds)),
        ]


class _Count:
    """The requests of a token in this minute: here, of which Redis was told some, and elsewhere."""

    __slots__ = ("elsewhere", "here", "told")

    def __init__(self) -> None:
        self.here = self.told = self.elsewhere = 0


class Allowances:
    """Counts requests by token, so many a minute for each."""

    def __init__(
        self, redis_url: str, per_minute: int, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._shared = shared_storage(redis_url)
        self._limit, self._lot = per_minute, max(1, per_minute // LOTS)
        self._clock = clock
        self._lock = Lock()
        self._minute = 0
        self._counts: dict[str, _Count] = {}

    def spend(self, who: str) -> Spent | None:
        """Count a request; None where there is no limit, or too many ask to be counted."""
        if not self._limit:
            return None
        now = self._clock()
        with self._lock:
            count = self._count_of(who, int(now // WINDOW_SECONDS))
            if count is None:
                return None
            count.here += 1
            untold = count.here - count.told
            if untold >= self._lot:
                count.told = count.here
        if untold >= self._lot:
            self._tell(who, count, untold)
        left = self._limit - count.here - count.elsewhere
        seconds = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        return Spent(self._limit, max(0, left), seconds, left < 0)

    def _count_of(self, who: str, minute: int) -> _Count | None:
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts.get(who)
        if count is None and len(self._counts) < MOST_KEPT:
            count = self._counts[who] = _Count()
        return count

    def _tell(self, who: str, count: _Count, untold: int) -> None:
        """Tell Redis what was counted here and hear what was elsewhere; without it, go on alone."""
        key = f"allowance:{who}:{self._minute}"
        try:
            total = self._shared.incr(key, 2 * WINDOW_SECONDS, untold)
        except RedisError:
            return
        count.elsewhere = max(0, total - count.told)
