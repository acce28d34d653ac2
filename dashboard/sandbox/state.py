"""The parts of one running sandbox, and what an operation is handed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.sandbox.clock import Clock
from dashboard.sandbox.events import Cause, Events
from dashboard.sandbox.faults import Faults
from dashboard.sandbox.holds import Holds
from dashboard.sandbox.idempotency import Keys
from dashboard.sandbox.limits import Limits
from dashboard.sandbox.request_log import RequestLog
from dashboard.sandbox.store import Record, Store
from dashboard.sandbox.timers import Timers


class Sandbox:
    """Everything a process holds. Touch the store, clock and timers only under `lock`."""

    def __init__(self, data: Path | None = None) -> None:
        self.lock = threading.RLock()
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

    sandbox: Sandbox
    params: Record
    ids: dict[str, str] = field(default_factory=dict)
    cause: Cause = field(default_factory=Cause)

    @property
    def store(self) -> Store:
        """Return the sandbox's objects."""
        return self.sandbox.store

    @property
    def now(self) -> int:
        """Return the sandbox's time in whole seconds."""
        return self.sandbox.clock.now()

    def emit(self, kind: str, item: Record, previous: Record | None = None) -> None:
        """Record the event `kind` about the rendered object `item`."""
        self.sandbox.events.emit(kind, item, cause=self.cause, previous=previous)


Handler = Callable[[Call], Record]
