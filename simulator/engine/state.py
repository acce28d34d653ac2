"""The parts of one running simulator, and what an operation is handed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from simulator.engine.clock import Clock
from simulator.engine.events import Cause, Events
from simulator.engine.faults import Faults
from simulator.engine.holds import Holds
from simulator.engine.idempotency import Keys
from simulator.engine.limits import Limits
from simulator.engine.request_log import RequestLog
from simulator.engine.store import Record, Store, new_id
from simulator.engine.timers import Timers


class Simulator:
    """Everything a process holds. Touch the store, clock and timers only under `lock`."""

    def __init__(self, data: Path | None = None) -> None:
        self.lock = threading.RLock()
        # The name that a folder of earlier releases has it under.
        self.store = Store(None if data is None else data / "sandbox.sqlite3")
        self.clock = Clock(self.store)
        self.timers = Timers(self.store, self.clock)
        self.events = Events(self.store, self.clock)
        self.keys = Keys(self.store, self.clock)
        self.faults = Faults()
        self.holds = Holds()
        self.limits = Limits()
        self.log = RequestLog()
        self.latency_seconds = 0.0
        self.public_url = "http://127.0.0.1"

    def close(self) -> None:
        """Let go of held requests and of the file."""
        self.holds.release_all()
        with self.lock:
            self.store.close()


@dataclass
class Call:
    """One request to an operation: checked parameters, the ids in its path, who caused it."""

    simulator: Simulator
    params: Record
    ids: dict[str, str] = field(default_factory=dict)
    cause: Cause = field(default_factory=Cause)

    @property
    def store(self) -> Store:
        """Return the simulator's objects."""
        return self.simulator.store

    @property
    def now(self) -> int:
        """Return the simulator's time in whole seconds."""
        return self.simulator.clock.now()

    def emit(self, kind: str, item: Record, previous: Record | None = None) -> None:
        """Record the event `kind` about the rendered object `item`."""
        self.simulator.events.emit(kind, item, cause=self.cause, previous=previous)


Handler = Callable[[Call], Record]


def by_hand(simulator: Simulator, params: Record, **ids: str) -> Call:
    """Return a call as Stripe's dashboard would make it: a request of its own, without a key."""
    return Call(simulator, params, ids, Cause(new_id("req")))
