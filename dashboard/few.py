"""So many threads of a process at a time, so that others of the machine get their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore


class Few:
    """Lets `most` threads in at a time. It is a courtesy and no lock.

    Who waited for `patience_seconds` goes in all the same, so whatever those inside wait for, a row
    that the one outside holds included, nobody waits for good.
    """

    def __init__(self, most: int, *, patience_seconds: float) -> None:
        self._places, self._patience_seconds = BoundedSemaphore(most), patience_seconds

    @contextmanager
    def one(self) -> Iterator[None]:
        """Be one of the few for a block."""
        has_place = self._places.acquire(timeout=self._patience_seconds)
        try:
            yield
        finally:
            if has_place:
                self._places.release()
