"""The simulator's clock: real time plus an offset that tests move."""

from __future__ import annotations

import time

from simulator.engine.store import Store

_ID = "clock"


class Clock:
    """Seconds since 1970, UTC. The offset survives a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        saved = store.get("setting", _ID)
        self.offset: float = saved["offset"] if saved else 0.0

    def exact(self) -> float:
        """Return the simulator's time with its fraction of a second."""
        return time.time() + self.offset

    def now(self) -> int:
        """Return the simulator's time in whole seconds, as Stripe's objects show it."""
        return int(self.exact())

    def move_to(self, instant: float) -> None:
        """Make it `instant` now, in either direction, and go on ticking from there."""
        self.offset = instant - time.time()
        self._store.put("setting", {"id": _ID, "offset": self.offset})
