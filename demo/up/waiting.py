"""What is told of something that takes its time: how far it is, or at least that it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from demo.up.report import state

# Silence for longer than this looks like a hang.
SILENCE_SECONDS = 5.0


class Waiting:
    """We wait for a part or a task, and tell whoever waits with us."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._begun = self._spoken = clock()
        self._shown = 0

    def tell(self, lines: Sequence[str]) -> None:
        """Show what is new of all that was told so far; after a silence, how long it takes."""
        for line in lines[self._shown :]:
            self._say(line)
        self._shown = len(lines)
        if self._clock() - self._spoken >= SILENCE_SECONDS:
            self._say(f"still running, {self.length()} so far")

    def length(self) -> str:
        """Return how long it has taken."""
        return f"{self._clock() - self._begun:.0f} s"

    def _say(self, text: str) -> None:
        state(self._name, "…", text)
        self._spoken = self._clock()
