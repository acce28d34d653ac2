"""Callers of the limiter in made-up time: the real script on the real Redis, with a clock of ours.

So a minute of two hundred callers takes a second, and lateness, kills and a clock set back happen
exactly when a test says.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from redis import Redis

from dashboard.gateway.priorities import PRIORITIES, Priority, with_priority
from dashboard.gateway.turns import (
    LATENESS_MS,
    SCRIPT,
    SENDING_MS,
    Answer,
    Asked,
    Place,
    Rates,
    Turns,
)

CLOCK = "redis.call('TIME')"
OURS = "redis.call('HMGET', 'clock of the test', 'seconds', 'microseconds')"
START_MS = 1_800_000_000_000.0


@dataclass(eq=False)
class Caller:
    """One call: how late it comes for its turn and begins after its instant, how long it takes."""

    name: str
    priority: Priority
    endpoint: str
    entered: float = 0.0
    slow: float = 0.0
    late: float = 0.0
    lasts: float = 300.0
    is_killed: bool = False
    begun: float | None = None

    @property
    def waited(self) -> float:
        """How many ms it waited."""
        assert self.begun is not None
        return self.begun - self.entered


class World:
    """Time, in ms, and what happens in it."""

    def __init__(self, redis: Redis, rates: Rates) -> None:
        assert CLOCK in SCRIPT
        redis.flushdb()
        self.redis = redis
        self.turns = Turns(redis, rates, prefix="stripe", sleep=lambda _: None)
        self.turns._script = redis.register_script(SCRIPT.replace(CLOCK, OURS))
        self.now = 0.0
        self.set_back = 0.0
        self.asked = 0
        self.most_in_flight = 0
        self.running: set[Caller] = set()
        self.callers: list[Caller] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._blocked: defaultdict[str, list[Caller]] = defaultdict(list)

    def at(self, when: float, happens: Callable[[], None]) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._events, (when, next(self._order), happens))

    def enter(
        self, when: float, priority: Priority, endpoint: str = "POST a", **how: float
    ) -> Caller:
        """Let a caller enter at a time."""
        caller = Caller(f"c{len(self.callers)}", priority, endpoint, when, **how)
        self.callers.append(caller)
        self.at(when, lambda: self._ask(caller, "enter"))
        return caller

    def kill(self, *callers: Caller) -> None:
        """Let them never do anything again."""
        for caller in callers:
            caller.is_killed = True
            self.running.discard(caller)

    def wipe(self) -> None:
        """Empty Redis."""
        self.redis.flushdb()

    def run(self, until: float = 600_000.0) -> None:
        """Let everything happen."""
        while self._events and self._events[0][0] <= until:
            self.now, _, happens = heapq.heappop(self._events)
            happens()
            self._wake()

    def share(self, per_second: float) -> float:
        """Return the calls a second after the first second, as a share of so many."""
        begun = sorted(one.begun for one in self.callers if (one.begun or 0) > 1000)  # type: ignore[type-var]
        return (len(begun) - 1) / (begun[-1] - begun[0]) * 1000 / per_second  # type: ignore[operator]

    def most_in_a_second(self, endpoint: str | None = None) -> int:
        """Return the most calls that began within one second, wherever it begins."""
        mine = [one.begun for one in self.callers if endpoint in (None, one.endpoint)]
        return most_in_a_second([at / 1000 for at in mine if at is not None])

    def _ask(self, caller: Caller, asked: Asked) -> None:
        if caller.is_killed:
            return
        self.asked += 1
        at = START_MS + self.now - self.set_back
        clock = {"seconds": int(at // 1000), "microseconds": round(at % 1000 * 1000)}
        self.redis.hset("clock of the test", mapping=clock)  # type: ignore[arg-type]
        with with_priority(caller.priority):
            answer = self.turns.ask(asked, caller.name, caller.endpoint)
        self._follow(caller, answer)

    def _follow(self, caller: Caller, answer: Answer) -> None:
        if answer.instant is not None:
            self._go(caller, answer.milliseconds, answer.instant)
        elif answer.what == "come":
            come = self.now + answer.milliseconds + caller.slow
            self.at(come, lambda: self._ask(caller, "come"))
        else:
            self._block(caller, answer)

    def _go(self, caller: Caller, milliseconds: float, instant: float) -> None:
        late, caller.late = caller.late, 0.0
        begun = self.now + milliseconds + late
        self.running.add(caller)
        self.most_in_flight = max(self.most_in_flight, len(self.running))
        if late + SENDING_MS + 1 > LATENESS_MS:
            self.at(begun, lambda: self._again(caller))
            return
        caller.begun = begun
        place = Place(caller.name, caller.endpoint, instant + late + 1 + SENDING_MS - LATENESS_MS)
        self.at(begun + caller.lasts, lambda: self._leave(caller, place))

    def _again(self, caller: Caller) -> None:
        self.running.discard(caller)
        self._ask(caller, "come")

    def _leave(self, caller: Caller, place: Place) -> None:
        if caller.is_killed:
            return
        self.running.discard(caller)
        pipe = self.redis.pipeline()
        self.turns.leave(place, pipe)
        pipe.execute()

    def _block(self, caller: Caller, answer: Answer) -> None:
        line = f"turns:{PRIORITIES.index(caller.priority) + 1} {caller.endpoint}"
        where, then = ("freed", "come") if answer.what == "full" else (line, "enter")
        self._blocked[where].append(caller)

        def give_up() -> None:
            if caller in self._blocked[where]:
                self._blocked[where].remove(caller)
                self._ask(caller, then)  # type: ignore[arg-type]

        self.at(self.now + answer.milliseconds, give_up)

    def _wake(self) -> None:
        """Give what was pushed to those who block, as Redis does: the longest waiting one first."""
        for where, callers in list(self._blocked.items()):
            callers[:] = [one for one in callers if not one.is_killed]
            while callers and (found := self.redis.lpop(f"stripe:{where}")) is not None:
                caller = callers.pop(0)
                if where == "freed":
                    self.at(self.now, lambda caller=caller: self._ask(caller, "come"))  # type: ignore[misc]
                else:
                    self._follow(caller, Answer.read(*found.split()))  # type: ignore[union-attr]


def most_in_a_second(begun: Sequence[float]) -> int:
    """Return the most of these instants, in seconds, within one second, wherever it begins."""
    ordered = sorted(begun)
    most, first = 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
