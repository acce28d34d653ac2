"""Who sends tokens that are none is stopped by address, before the next one is looked up.

A token cannot be guessed; the database can be kept busy. A token that was right here before is let
through whatever else its address sends: one sub-system set up wrong stops no other behind it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from dashboard.callers import who_is_at
from dashboard.guesses import Guesses

PER_ADDRESS = "20 per minute; 200 per hour"
MOST_KEPT = 10_000


class WrongTokens:
    """Remembers, in this process, which addresses have to wait and which tokens were right."""

    def __init__(self, guesses: Guesses, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._guesses, self._clock = guesses, clock
        self._stopped: OrderedDict[str, float] = OrderedDict()
        self._right: OrderedDict[str, None] = OrderedDict()

    def seconds_to_wait(self, address: str | None, token_hash: str) -> int:
        """Return for how long a token of this address is not even looked up; 0 for at once."""
        if not self._stopped:
            return 0
        until = self._stopped.get(who_is_at(address))
        if until is None or token_hash in self._right:
            return 0
        return max(0, round(until - self._clock()))

    def note_right(self, token_hash: str) -> None:
        """Remember a token that was right."""
        if token_hash not in self._right:
            self._right[token_hash] = None
            _forget_oldest(self._right)

    def note_wrong(self, address: str | None, token_hash: str) -> int:
        """Count a token that was none; return for how long its address has to wait, 0 for not."""
        self._right.pop(token_hash, None)
        who = who_is_at(address)
        seconds = self._guesses.spend({f"token {who}": PER_ADDRESS}) or 0
        if seconds:
            self._stopped[who] = self._clock() + seconds
            _forget_oldest(self._stopped)
        return seconds


def _forget_oldest(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
