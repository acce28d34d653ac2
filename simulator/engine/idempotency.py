"""Idempotency keys: the first answer is kept and given again for 24 hours of simulator time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import takewhile

from simulator.engine.clock import Clock
from simulator.engine.errors import ApiError
from simulator.engine.packed import pack, unpack
from simulator.engine.store import Store

LIFETIME_SECONDS = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass(frozen=True)
class Replay:
    """The answer that the key already has."""

    status: int
    text: str


class Keys:
    """The keys in flight (memory) and the keys answered (store). Call under its lock."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._in_flight: set[str] = set()

    def begin(self, key: str, fingerprint: str) -> Replay | None:
        """Claim `key`, or return the answer it already has.

        Raises 400 idempotency_error when it was used for another request, 409 while in flight.
        """
        if len(key) > LONGEST_KEY:
            raise _error(400, f"Idempotency keys are at most {LONGEST_KEY} characters long.")
        self._forget_expired()
        kept = self._store.get("key", key)
        if kept is None:
            self._claim(key)
            return None
        if kept["fingerprint"] != fingerprint:
            raise _error(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
            )
        return Replay(kept["status"], unpack(kept["text"]))

    def keep(self, key: str, fingerprint: str, status: int, text: str) -> None:
        """Keep the answer; committed with whatever the request changed."""
        kept = {
            "id": key,
            "fingerprint": fingerprint,
            "status": status,
            "text": pack(text),
            "created": self._clock.now(),
        }
        self._store.put("key", kept)

    def release(self, key: str) -> None:
        """Say that the request with this key is no longer running."""
        self._in_flight.discard(key)

    def _claim(self, key: str) -> None:
        if key in self._in_flight:
            raise ApiError(
                409,
                "There is currently another in-progress request using this Idempotent Key "
                f"(that probably means you submitted twice): {key}",
                type="idempotency_error",
                code="idempotency_key_in_use",
                began=False,
            )
        self._in_flight.add(key)

    def _forget_expired(self) -> None:
        oldest_kept = self._clock.now() - LIFETIME_SECONDS
        keys = self._store.all("key").values()
        expired = [one["id"] for one in takewhile(lambda k: k["created"] <= oldest_kept, keys)]
        for key in expired:
            self._store.remove("key", key)


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    """Return what must be equal for two requests to be the same one; the pairs' order is not."""
    text = "\0".join([method, path, *(f"{name}={value}" for name, value in sorted(pairs))])
    return hashlib.sha256(text.encode()).hexdigest()


def _error(status: int, message: str) -> ApiError:
    return ApiError(status, message, type="idempotency_error", began=False)
