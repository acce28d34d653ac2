"""Requests stopped on purpose, so that a test can kill the caller at a known instant."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.store import new_id

LONGEST_SECONDS = 120.0


@dataclass
class Hold:
    """One stopped request; `point` is before, during or after."""

    id: str
    point: str
    method: str
    path: str
    idempotency_key: str | None
    released: threading.Event = field(default_factory=threading.Event)
    outcome: str = "continue"

    def facts(self) -> dict[str, Any]:
        """Return what the control surface shows."""
        return {
            "id": self.id,
            "point": self.point,
            "method": self.method,
            "path": self.path,
            "idempotency_key": self.idempotency_key,
        }


class Holds:
    """The requests now held."""

    def __init__(self) -> None:
        self._held: dict[str, Hold] = {}
        self._lock = threading.Lock()

    def wait(self, hold: Hold, seconds: float | None) -> str:
        """Block until the hold is released (or its time is over); return "continue" or "drop"."""
        with self._lock:
            self._held[hold.id] = hold
        hold.released.wait(LONGEST_SECONDS if seconds is None else seconds)
        with self._lock:
            self._held.pop(hold.id, None)
        return hold.outcome

    def held(self) -> list[dict[str, Any]]:
        """Return the facts of every request now held, oldest first."""
        with self._lock:
            return [hold.facts() for hold in self._held.values()]

    def release(self, identifier: str, outcome: str = "continue") -> bool:
        """Let one request go on, or drop its connection; False if it is not held."""
        with self._lock:
            hold = self._held.get(identifier)
            if hold is None:
                return False
            hold.outcome = outcome
            hold.released.set()
            return True

    def release_all(self, outcome: str = "drop") -> None:
        """Let go of every held request."""
        for hold in self.held():
            self.release(hold["id"], outcome)


def new_hold(point: str, method: str, path: str, key: str | None) -> Hold:
    """Return a hold that nobody waits on yet."""
    return Hold(new_id("hold"), point, method, path, key)
