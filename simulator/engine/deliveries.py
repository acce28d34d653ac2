"""When each webhook is to be sent: queue, misbehaviour on demand, retries with back-off.

Times are the simulator's, so moving the clock brings retries forward. Only the wish is kept here;
`webhooks` does the sending.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import count

from simulator.engine.clock import Clock
from simulator.engine.events import Events

LONGEST_WAIT_SECONDS = 60.0
MOST_ATTEMPTS = 16
# How far a delivery may be moved when the order is to be shuffled.
SHUFFLE_SECONDS = 1.0


@dataclass(order=True)
class Delivery:
    """One sending of one event to one endpoint."""

    due_at: float
    position: int
    event_id: str = field(compare=False)
    endpoint_id: str = field(compare=False)
    attempt: int = field(compare=False, default=0)


@dataclass
class Manner:
    """How deliveries misbehave; the default is one prompt delivery each."""

    mode: str = "normal"
    duplicate: int = 0
    delay_seconds: float = 0.0
    reorder: bool = False
    drop: float = 0.0
    random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable


class Deliveries:
    """The deliveries still to make. Call under the simulator's lock."""

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._heap: list[Delivery] = []
        self._positions = count()
        self.manner = Manner()

    def due(self) -> list[Delivery]:
        """Return what must be sent now, earliest first; nothing while paused."""
        self._take_new()
        if self.manner.mode == "paused":
            return []
        ready, now = [], self._clock.exact()
        while self._heap and self._heap[0].due_at <= now:
            ready.append(heapq.heappop(self._heap))
        return ready

    def failed(self, delivery: Delivery) -> None:
        """Plan the next attempt: 1 s, 2 s, 4 s … at most a minute apart; then give up."""
        attempt = delivery.attempt + 1
        if attempt < MOST_ATTEMPTS:
            wait = min(LONGEST_WAIT_SECONDS, 2.0 ** (attempt - 1))
            self._plan(delivery.event_id, delivery.endpoint_id, wait, attempt)

    def pending(self) -> int:
        """Return how many deliveries are planned."""
        return len(self._heap) + len(self._events.undelivered)

    def clear(self) -> None:
        """Forget every planned delivery."""
        self._heap.clear()
        self._events.undelivered.clear()

    def _take_new(self) -> None:
        while self._events.undelivered:
            event_id, endpoint_id = self._events.undelivered.popleft()
            if self.manner.random.random() < self.manner.drop:
                continue
            for _ in range(1 + self.manner.duplicate):
                self._plan(event_id, endpoint_id, self._delay())

    def _delay(self) -> float:
        shuffle = self.manner.random.uniform(0, SHUFFLE_SECONDS) if self.manner.reorder else 0.0
        return self.manner.delay_seconds + shuffle

    def _plan(self, event_id: str, endpoint_id: str, wait: float, attempt: int = 0) -> None:
        due_at = self._clock.exact() + wait
        position = next(self._positions)
        heapq.heappush(self._heap, Delivery(due_at, position, event_id, endpoint_id, attempt))
