"""One limiter in Redis for all workers: calls a second, an endpoint's share, calls in flight.

Who may begin when is decided in `turns`; here a call waits for that, is counted, and tells the
circuit how it ended.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from redis import Redis

from dashboard.clock import utc_now
from dashboard.gateway.call_book import CallBook
from dashboard.gateway.circuit import Circuit
from dashboard.gateway.errors import NotNow, OutcomeUnknown, ServerFailed
from dashboard.gateway.turns import Place, Rates, Turns

# A caller that waited so long is told to come back another time.
PATIENCE_SECONDS = 20.0
READS_KEPT = timedelta(days=40)
# Stripe allots at least this many reads in thirty days (its rate-limit page).
READS_ALLOTTED = 10_000


class RedisLimiter:
    """Admits calls at the rates of one Stripe account; shared by every process on one Redis."""

    def __init__(
        self,
        redis: Redis,
        rates: Rates,
        *,
        account: str = "default",
        patience_seconds: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._redis = redis
        self._prefix = f"stripe:{account}"
        self._patience_seconds = patience_seconds
        self._turns = Turns(redis, rates, prefix=self._prefix, sleep=sleep)
        self.circuit = Circuit(redis, f"{self._prefix}:circuit")
        self.book = CallBook(redis, self._prefix)

    @contextmanager
    def admitted(self, endpoint: str) -> Iterator[None]:
        """Wait for a slot, hold it while the call runs; raises `NotNow` when none comes.

        `CircuitOpen`, which is one, while Stripe is known to be down.
        """
        caller = secrets.token_hex(8)
        place = self._turns.wait(caller, endpoint, seconds=self._patience_seconds)
        if place is None:
            raise NotNow(
                "More urgent work has used our share of Stripe's rate limit. Nothing was sent. It "
                "is tried again automatically.",
                reason="own_limit",
            )
        has_succeeded, began = False, time.monotonic()
        try:
            yield
            has_succeeded = True
        except (OutcomeUnknown, ServerFailed):
            self.circuit.failed()
            raise
        finally:
            self._end(place, seconds=time.monotonic() - began, has_succeeded=has_succeeded)

    def reads(self) -> int:
        """Return the GET calls of the last thirty days: see READS_ALLOTTED."""
        days = [utc_now().date() - timedelta(days=back) for back in range(30)]
        counts = self._redis.mget([self._key(f"reads:{day}") for day in days])
        return sum(int(count) for count in counts if count)

    def calls(self) -> Mapping[str, int]:
        """Return today's calls by endpoint."""
        found = self._redis.hgetall(self._key(f"calls:{utc_now().date()}"))
        return {name.decode(): int(count) for name, count in found.items()}  # type: ignore[union-attr]

    def _end(self, place: Place, *, seconds: float, has_succeeded: bool) -> None:
        """Make room for the next call and count this one, in one go and not while it waits."""
        today = utc_now().date()
        pipe = self._redis.pipeline(transaction=False)
        self._turns.leave(place, pipe)
        if has_succeeded:
            self.circuit.succeeded(pipe)
        if place.endpoint.startswith("GET "):
            pipe.incr(self._key(f"reads:{today}"))
            pipe.expire(self._key(f"reads:{today}"), READS_KEPT)
        pipe.hincrby(self._key(f"calls:{today}"), place.endpoint, 1)
        pipe.expire(self._key(f"calls:{today}"), READS_KEPT)
        self.book.note(pipe, seconds=seconds, has_succeeded=has_succeeded)
        pipe.execute()

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"
