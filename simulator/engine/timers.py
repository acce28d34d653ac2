"""What Stripe does by itself at a time: finalize a scheduled draft, try a payment (again).

A timer is a row {id, action, subject, at}; it fires once, when the simulator's clock reaches `at`,
whether the clock ticked there or was moved.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.engine.clock import Clock
from simulator.engine.store import Store

Action = Callable[[str], None]


class Timers:
    """The pending timers, kept in the store so that they outlive the process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.actions: dict[str, Action] = {}

    def set(self, action: str, subject: str, at: int | None) -> None:
        """Fire `action` for `subject` at `at` (simulator seconds); None takes the timer away."""
        identifier = f"{action}:{subject}"
        if at is None:
            self._store.remove("timer", identifier)
            return
        timer = {"id": identifier, "action": action, "subject": subject, "at": at}
        self._store.put("timer", timer)

    def fire_due(self) -> int:
        """Fire everything due now, earliest first, and return how many fired."""
        fired = 0
        while self._fire_next(self._clock.exact()):
            fired += 1
        return fired

    def advance_to(self, instant: float) -> int:
        """Move the clock to `instant`, stopping on the way so that each timer fires at its time."""
        fired = 0
        while (at := self._next_at()) is not None and at <= instant:
            self._clock.move_to(max(at, self._clock.exact()))
            self._fire_next(instant)
            fired += 1
        self._clock.move_to(instant)
        return fired

    def _next_at(self) -> int | None:
        return min((timer["at"] for timer in self._store.all("timer").values()), default=None)

    def _fire_next(self, until: float) -> bool:
        due = [timer for timer in self._store.all("timer").values() if timer["at"] <= until]
        if not due:
            return False
        timer = min(due, key=lambda one: int(one["at"]))
        self._store.remove("timer", timer["id"])
        self.actions[timer["action"]](timer["subject"])
        self._store.commit()
        return True
