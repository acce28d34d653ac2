"""Who sends tokens that are none is stopped by address, and hardly any of them is looked up then.

A token cannot be guessed; the database can be kept busy. A token that was right here before is let
through whatever else its address sends: one sub-system set up wrong stops no other behind it. One
that this process has not seen yet, as it began a moment ago, is looked up: a few each second.
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
# Of addresses that are stopped, all together. A request may ask twice: at the door and behind it.
LOOKS_A_SECOND = 10


class WrongTokens:
    """Remembers, in this process, which addresses have to wait and which tokens were right."""

    def __init__(self, guesses: Guesses, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._guesses, self._clock = guesses, clock
        self._stopped: OrderedDict[str, float] = OrderedDict()
        self._right: OrderedDict[str, None] = OrderedDict()
        self._wrong: OrderedDict[str, None] = OrderedDict()
        self._looks = (0, 0)

    def seconds_to_wait(self, address: str | None, token_hash: str) -> int:
        """Return for how long a token of this address is not even looked up; 0 for at once."""
        until = self._stopped.get(who_is_at(address)) if self._stopped else None
        if until is None or token_hash in self._right:
            return 0
        seconds = max(0, round(until - self._clock()))
        return 0 if token_hash not in self._wrong and self._may_look() else seconds

    def note_right(self, token_hash: str) -> None:
        """Remember a token that was right."""
        _remember(self._right, token_hash, None)

    def note_wrong(self, address: str | None, token_hash: str) -> int:
        """Count a token that was none; return for how long its address has to wait, 0 for not."""
        self._right.pop(token_hash, None)
        _remember(self._wrong, token_hash, None)
        who = who_is_at(address)
        seconds = self._guesses.spend({f"token {who}": PER_ADDRESS}) or 0
        if seconds:
            _remember(self._stopped, who, self._clock() + seconds)
        return seconds

    def _may_look(self) -> bool:
        """Whether a token of a stopped address may be looked up in this second, too."""
        now = int(self._clock())
        second, looks = self._looks
        self._looks = (now, looks + 1 if second == now else 1)
        return self._looks[1] <= LOOKS_A_SECOND


def _remember(kept: OrderedDict[str, Any], name: str, what: object) -> None:
    """Keep it, and of too many forget those that came first."""
    kept[name] = what
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
