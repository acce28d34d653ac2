"""The last requests to /v1, for tests that count calls."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True)
class Entry:
    """One answered (or dropped) request; status 0 means that no reply was sent."""

    seq: int
    method: str
    path: str
    operation: str
    status: int
    idempotency_key: str | None
    replayed: bool
    at: float


class RequestLog:
    """Entries with a running number that never starts again."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._seq = 0

    def add(self, **facts: Any) -> None:
        """Append one entry; `facts` are Entry's fields without `seq`."""
        with self._lock:
            self._seq += 1
            self._entries.append(Entry(seq=self._seq, **facts))

    def since(self, seq: int) -> list[dict[str, Any]]:
        """Return the entries numbered above `seq`, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries if entry.seq > seq]

    def clear(self) -> None:
        """Forget the entries; numbering goes on."""
        with self._lock:
            self._entries.clear()
