"""One limiter in Redis for all workers: calls a second, an endpoint's share, calls in flight.

The rule is GCRA (the token bucket as a single instant): each limit keeps the time at which its
next call is due. A caller that is due within `HORIZON` takes its slot at once and sleeps up to it,
so that the full rate is used; one further away asks again, and more urgent lanes go first.
No maintained library decides two rates, a count in flight and lanes in one step; the pieces of one
that does not would leave slots taken for calls that another limit then refuses.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis

from dashboard.clock import utc_now
from dashboard.gateway.circuit import Circuit
from dashboard.gateway.errors import NotNow, OutcomeUnknown, ServerFailed
from dashboard.gateway.lanes import LANES, current_lane

HORIZON_MS = 100
# How many calls may follow each other without a gap, as after a pause of the machine.
BURST = 3
# A caller that waited so long is told to come back another time.
PATIENCE_SECONDS = 20.0
# A slot in flight whose holder was killed is free again after this.
IN_FLIGHT_SECONDS = 120
READS_KEPT = timedelta(days=40)

# KEYS: account instant, endpoint instant, in flight, one set of waiting callers per lane.
# ARGV: caller, lane (1 is most urgent), spacing of account and endpoint in ms, most in flight,
# horizon in ms, burst, life of a slot in ms. Returns {admitted, milliseconds to wait}.
ENTER = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local caller, lane = ARGV[1], tonumber(ARGV[2])
local horizon, burst = tonumber(ARGV[6]), tonumber(ARGV[7])

local function ask_again(wait)
  -- A second of slack: on a busy machine a caller asks again late, and must not lose its place.
  redis.call('ZADD', KEYS[3 + lane], now + wait + 1000, caller)
  redis.call('PEXPIRE', KEYS[3 + lane], 60000)
  return {0, math.ceil(wait)}
end

for other = 1, lane - 1 do
  redis.call('ZREMRANGEBYSCORE', KEYS[3 + other], '-inf', now)
  if redis.call('ZCARD', KEYS[3 + other]) > 0 then return ask_again(20) end
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[5]) then return ask_again(10) end

local due, wait = {}, 0
for limit = 1, 2 do
  local spacing = tonumber(ARGV[2 + limit])
  local after = math.max(tonumber(redis.call('GET', KEYS[limit]) or 0), now)
  due[limit] = after + spacing
  wait = math.max(wait, due[limit] - burst * spacing - now)
end
if wait > horizon then return ask_again(math.min(wait - horizon / 2, 1000)) end
for limit = 1, 2 do
  redis.call('SET', KEYS[limit], string.format('%.3f', due[limit]), 'PX', 60000)
end
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[8]), caller)
redis.call('PEXPIRE', KEYS[3], ARGV[8])
redis.call('ZREM', KEYS[3 + lane], caller)
return {1, math.max(0, math.ceil(wait))}
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """The most that may be sent: calls a second in all and per endpoint, and calls at once."""

    per_second: float
    endpoint_per_second: float
    in_flight: int


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
        self._rates = rates
        self._prefix = f"stripe:{account}"
        self._patience_seconds = patience_seconds
        self._sleep = sleep
        self._enter = redis.register_script(ENTER)
        self.circuit = Circuit(redis, f"{self._prefix}:circuit")

    @contextmanager
    def admitted(self, endpoint: str) -> Iterator[None]:
        """Wait for a slot, hold it while the call runs; raises `NotNow` when none comes."""
        self.circuit.check()
        caller = secrets.token_hex(8)
        self._wait(caller, endpoint)
        self._count(endpoint)
        try:
            yield
        except (OutcomeUnknown, ServerFailed):
            self.circuit.failed()
            raise
        else:
            self.circuit.succeeded()
        finally:
            self._redis.zrem(self._key("in_flight"), caller)

    def reads(self) -> int:
        """Return the GET calls of the last thirty days; Stripe allots at least 10,000 to them."""
        days = [utc_now().date() - timedelta(days=back) for back in range(30)]
        counts = self._redis.mget([self._key(f"reads:{day}") for day in days])
        return sum(int(count) for count in counts if count)

    def calls(self) -> Mapping[str, int]:
        """Return today's calls by endpoint."""
        found = self._redis.hgetall(self._key(f"calls:{utc_now().date()}"))
        return {name.decode(): int(count) for name, count in found.items()}  # type: ignore[union-attr]

    def _wait(self, caller: str, endpoint: str) -> None:
        end = time.monotonic() + self._patience_seconds
        while True:
            admitted, milliseconds = self._ask(caller, endpoint)
            if milliseconds:
                self._sleep(milliseconds / 1000)
            if admitted:
                return
            if time.monotonic() > end:
                raise NotNow(
                    "Our own share of Stripe's rate is used up by more urgent work. Nothing was "
                    "sent; it is tried again later.",
                    reason="own_limit",
                )

    def _ask(self, caller: str, endpoint: str) -> tuple[int, int]:
        lane = LANES.index(current_lane()) + 1
        keys = [
            self._key("account"),
            self._key(f"endpoint:{endpoint}"),
            self._key("in_flight"),
            *(self._key(f"waiting:{name}") for name in LANES),
        ]
        spacings = [1000 / self._rates.per_second, 1000 / self._rates.endpoint_per_second]
        limits = [*spacings, self._rates.in_flight, HORIZON_MS, BURST]
        limits.append(int(IN_FLIGHT_SECONDS * 1000))
        answer = self._enter(keys=keys, args=[caller, lane, *limits])
        return int(answer[0]), int(answer[1])

    def _count(self, endpoint: str) -> None:
        today = utc_now().date()
        pipe = self._redis.pipeline(transaction=False)
        if endpoint.startswith("GET "):
            pipe.incr(self._key(f"reads:{today}"))
            pipe.expire(self._key(f"reads:{today}"), READS_KEPT)
        pipe.hincrby(self._key(f"calls:{today}"), endpoint, 1)
        pipe.expire(self._key(f"calls:{today}"), READS_KEPT)
        pipe.execute()

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"
