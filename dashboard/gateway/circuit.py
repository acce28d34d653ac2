"""The circuit: when Stripe is down nobody calls for a while, and work resumes by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, Self

from redis import Redis

from dashboard.clock import utc_now
from dashboard.gateway.errors import NotNow

# So many failures in a row, over all workers, open it; a success closes it.
FAILURES = 8
OPEN_SECONDS = 10
LONGEST_OPEN_SECONDS = 120
# Failures further apart than this are not in a row.
MEMORY_SECONDS = 300

# How long it is known since when Stripe has not answered, where nobody calls meanwhile.
SINCE_SECONDS = 86_400

# KEYS: failures in a row, open until, since when. ARGV: failures that open it, seconds, longest,
# memory, now, how long to know that.
FAILED = """
local count = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local over = count - tonumber(ARGV[1])
if over < 0 then return 0 end
local seconds = math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 10), tonumber(ARGV[3]))
redis.call('SET', KEYS[2], count, 'EX', math.floor(seconds), 'NX')
redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6], 'NX')
return 1
"""


class CircuitOpen(NotNow):
    """Stripe did not answer for a while; nothing was sent."""

    code = "stripe_down"

    @classmethod
    def so_long(cls, milliseconds: int) -> Self:
        """Return the error of a call that is not made: the circuit is open for `milliseconds`."""
        return cls(
            f"Stripe is not answering. The next try is in {-(-milliseconds // 1000)} s. Nothing "
            "was sent and nothing is lost: the ledger keeps counting and syncs resume "
            "automatically.",
            reason="circuit_open",
        )


class CircuitState(NamedTuple):
    """Failures in a row; since when it has been open, and for how many seconds no call is made.

    None of those any more, and `since` still there: the next call decides whether it closes.
    """

    failures: int
    since: datetime | None
    open_seconds: int


class Circuit:
    """Counts failures in a row in Redis; while too many are recent, `turns.lua` lets nobody in."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._failures = f"{prefix}:failures"
        self._open = f"{prefix}:open"
        self._since = f"{prefix}:since"
        self._failed = redis.register_script(FAILED)

    def open_seconds(self) -> int:
        """Return how long no call will be made; 0 when calls go through."""
        left = int(self._redis.pttl(self._open))
        return -(-left // 1000) if left > 0 else 0

    def away_seconds(self) -> int:
        """Return how long no call will be made, at least 1 while the next one only tries; else 0.

        So it does not seem to answer for a moment each time that somebody is let in to try.
        """
        pipe = self._redis.pipeline(transaction=False)
        pipe.pttl(self._open)
        pipe.get(self._failures)
        left, failures = pipe.execute()
        if left > 0:
            return -(-int(left) // 1000)
        return int(int(failures or 0) >= FAILURES)

    def state(self) -> CircuitState:
        """Return the failures in a row, and how long no call is made."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(self._failures)
        pipe.get(self._since)
        failures, since = pipe.execute()
        at = datetime.fromtimestamp(int(since), UTC) if since else None
        return CircuitState(int(failures or 0), at, self.open_seconds())

    def succeeded(self, pipe: Redis | None = None) -> None:
        """Close it, with `pipe`: Stripe answered."""
        (self._redis if pipe is None else pipe).delete(self._failures, self._open, self._since)

    def failed(self) -> None:
        """Count a call that Stripe did not answer, or answered with a failure of its own."""
        self._failed(
            keys=[self._failures, self._open, self._since],
            args=[
                FAILURES,
                OPEN_SECONDS,
                LONGEST_OPEN_SECONDS,
                MEMORY_SECONDS,
                int(utc_now().timestamp()),
                SINCE_SECONDS,
            ],
        )
