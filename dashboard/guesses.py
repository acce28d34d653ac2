"""How many tries somebody has: counted in Redis for all processes, in this one while it is away.

Over `limits`, the library beneath Flask-Limiter, which would ask itself on every request whether it
is one of the three that guess at something: a tenth of what an unchanged poll costs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from dashboard.counting import shared_storage

# One that hangs costs its patience each time it is asked, and so a seat.
AWAY_SECONDS = 5.0


class Guesses:
    """Counts tries by who makes them."""

    def __init__(self, redis_url: str) -> None:
        self._shared = FixedWindowRateLimiter(shared_storage(redis_url))
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = -math.inf

    def spend(self, limits: Mapping[str, str]) -> int | None:
        """Count a try by each who, for whom it says how many; return the seconds to wait, if any.

        None lets it through. Whoever has none left has it counted too.
        """
        if time.monotonic() > self._away_until:
            try:
                return _spend(self._shared, limits)
            except RedisError:
                self._away_until = time.monotonic() + AWAY_SECONDS
        return _spend(self._own, limits)

    def give_back(self, limits: Mapping[str, str]) -> None:
        """Take a try back that was right; when Redis goes away just then it has cost one."""
        is_away = time.monotonic() <= self._away_until
        try:
            for who, item in _each(limits):
                (self._own if is_away else self._shared).hit(item, who, cost=-1)
        except RedisError:
            self._away_until = time.monotonic() + AWAY_SECONDS


def _spend(counter: FixedWindowRateLimiter, limits: Mapping[str, str]) -> int | None:
    full = [(who, item) for who, item in _each(limits) if not counter.hit(item, who)]
    ends = [counter.get_window_stats(item, who).reset_time for who, item in full]
    return max(1, round(max(ends) - time.time())) if ends else None


def _each(limits: Mapping[str, str]) -> list[tuple[str, RateLimitItem]]:
    return [(who, item) for who, rates in limits.items() for item in parse_many(rates)]
