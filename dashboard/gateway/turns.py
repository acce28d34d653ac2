"""Waiting for a turn to call: one question to Redis, a sleep or a wake-up, one more, and go.

The rules are in `turns.lua`, beside this; here is the caller who follows them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from redis import Redis
from redis.client import Pipeline

from dashboard.gateway.circuit import CircuitOpen
from dashboard.gateway.priorities import PRIORITIES, WEIGHTS, current_priority

# Turns are handed out so long ahead; what is more urgent does not pass those.
HORIZON_MS = 25
# So late a call may reach Stripe after the instant it was given; a second counts as longer by that
# much until it is known how late it was, and by the first of them, for sending it, even then.
SENDING_MS, LATENESS_MS = 10, 60
# A place in flight whose holder was killed is free again after this.
IN_FLIGHT_SECONDS = 120
# Beyond what Redis was asked to wait, before it counts as lost.
ANSWER_SECONDS = 5.0

SCRIPT = Path(__file__).with_name("turns.lua").read_text()
Asked = Literal["enter", "come", "quit"]


@dataclass(frozen=True, slots=True)
class Rates:
    """The most that may be sent: calls a second in all and per endpoint, and calls at once."""

    per_second: float
    endpoint_per_second: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do, for how many milliseconds; a call that may go has its instant, in Redis' ms."""

    what: str
    milliseconds: int
    instant: float | None = None

    @classmethod
    def read(cls, what: bytes, milliseconds: bytes | int, instant: bytes | None = None) -> Self:
        """Return what the script or a turn says."""
        return cls(what.decode(), int(milliseconds), None if instant is None else float(instant))


@dataclass(frozen=True, slots=True)
class Place:
    """A call that may begin now. `settled` is its instant for the limits, once it has begun."""

    caller: str
    endpoint: str
    settled: float


class Turns:
    """Stands in line for callers of one account; shared by every process on one Redis."""

    def __init__(
        self, redis: Redis, rates: Rates, *, prefix: str, sleep: Callable[[float], None]
    ) -> None:
        self._redis = redis
        self._rates = rates
        self._prefix = prefix
        self._sleep = sleep
        self._script = redis.register_script(SCRIPT)

    def wait(self, caller: str, endpoint: str, *, seconds: float) -> Place | None:
        """Return when the call may begin, a place in flight taken; None when none came in time.

        Raises `CircuitOpen` while Stripe is known to be down.
        """
        end = time.monotonic() + seconds
        asked: Asked | None = "enter"
        while asked is not None:
            before = time.monotonic()
            answer = self.ask(asked, caller, endpoint)
            if answer.instant is None:
                asked = self._rest(answer, endpoint, end)
                continue
            self._sleep(answer.milliseconds / 1000)
            # The answer's way counts as lateness; rounding hides up to one more.
            late = (time.monotonic() - before) * 1000 - answer.milliseconds + 1 + SENDING_MS
            if late <= LATENESS_MS:
                return Place(caller, endpoint, answer.instant + late - LATENESS_MS)
            asked = "come"
        self.ask("quit", caller, endpoint)
        return None

    def leave(self, place: Place, pipe: Pipeline) -> None:
        """Give the place in flight back, with `pipe`, and wake who waits for one."""
        pipe.zrem(self._key("in_flight"), place.caller)
        for limit in ("account", f"endpoint:{place.endpoint}"):
            pipe.zadd(self._key(f"begun:{limit}"), {place.caller: place.settled}, xx=True)
        pipe.rpush(self._key("freed"), place.caller)
        # A signal, not a count: who is woken counts anew.
        pipe.ltrim(self._key("freed"), -1, -1)
        pipe.pexpire(self._key("freed"), 1000)

    def ask(self, asked: Asked, caller: str, endpoint: str) -> Answer:
        """Run the script; return what to do, for how many milliseconds, and a call's instant."""
        rates = self._rates
        args: list[str | float] = [
            asked,
            caller,
            PRIORITIES.index(current_priority()) + 1,
            endpoint,
        ]
        args += [rates.per_second, rates.endpoint_per_second, rates.in_flight]
        args += [HORIZON_MS, SENDING_MS, LATENESS_MS, int(IN_FLIGHT_SECONDS * 1000)]
        args += [WEIGHTS[priority] for priority in PRIORITIES]
        return Answer.read(*self._script(keys=[self._prefix], args=args))

    def _rest(self, answer: Answer, endpoint: str, end: float) -> Asked | None:
        """Sleep, or block until woken; return what to ask then, None when it gets too late.

        Raises `CircuitOpen`.
        """
        if answer.what == "down":
            raise CircuitOpen.so_long(answer.milliseconds)
        seconds, left = answer.milliseconds / 1000, end - time.monotonic()
        if left <= 0:
            return None
        if answer.what == "full":
            self._pop("freed", min(seconds, left))
            return "come"
        if answer.what == "wait":
            line = f"{PRIORITIES.index(current_priority()) + 1} {endpoint}"
            turn = self._pop(f"turns:{line}", min(seconds, left))
            return self._rest(Answer.read(*turn.split()), endpoint, end) if turn else "enter"
        if seconds > left:
            return None
        self._sleep(seconds)
        return "come"

    def _pop(self, name: str, seconds: float) -> bytes | None:
        """Block until something is in a list.

        On a connection by itself: the client's own would lose patience before the caller does.
        """
        pool = self._redis.connection_pool
        connection = pool.get_connection()
        try:
            blpop = ("BLPOP", self._key(name), max(seconds, 0.001))
            connection.send_command(*blpop)  # type: ignore[no-untyped-call]  # in redis-py
            found = connection.read_response(timeout=seconds + ANSWER_SECONDS)
        except BaseException:
            connection.disconnect()  # type: ignore[no-untyped-call]  # in redis-py
            raise
        finally:
            pool.release(connection)
        return None if found is None else bytes(found[1])

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"
