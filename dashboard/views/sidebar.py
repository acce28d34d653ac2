"""What the sidebar counts, heard once in some seconds by each process and never for a poll.

For staff the clock writes it to Redis after each look at the whole. A customer sees the names of
their own organizations; whose they are is asked with every request, only the names are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from time import monotonic
from typing import Generic, TypeVar

from flask import current_app
from redis.exceptions import RedisError

from dashboard.reading.own import OwnOrganization, read_own
from dashboard.views.stripe_state import known_of_stripe
from jobs.watch import COUNTS, HELD

T = TypeVar("T")
# A number by the name of its place; in pairs, under which the places are kept as they are shown.
Counts = tuple[tuple[str, int], ...]
COUNTED_SECONDS = 5.0
NAMED_SECONDS = 30.0
# Of organizations whose names a process keeps.
MOST = 2000


class Heard(Generic[T]):
    """What was heard last; asked for again after so many seconds."""

    def __init__(self, seconds: float, nothing: T) -> None:
        self._seconds = seconds
        self._heard = (nothing, -math.inf)

    def get(self, ask: Callable[[], T]) -> T:
        """Return what `ask` returns, or returned a moment ago. Two that ask at once hear alike."""
        found, at = self._heard
        if monotonic() - at > self._seconds:
            found = ask()
            self._heard = (found, monotonic())
        return found


class SidebarMemory:
    """What a process keeps for the sidebar."""

    def __init__(self) -> None:
        self.counts: Heard[Counts] = Heard(COUNTED_SECONDS, ())
        self._named: dict[str, tuple[OwnOrganization, float]] = {}

    def named(self, slugs: Collection[str]) -> list[OwnOrganization]:
        """Return these organizations by name; one statement where they were not read of late."""
        now = monotonic()
        known = {one: self._named.get(one) for one in slugs}
        old = [one for one, kept in known.items() if kept is None or kept[1] < now - NAMED_SECONDS]
        if old:
            if len(self._named) > MOST:
                self._named.clear()
            self._named |= {one.slug: (one, now) for one in read_own(slugs)}
        found = [kept[0] for one in slugs if (kept := self._named.get(one))]
        return sorted(found, key=lambda one: (one.name.casefold(), one.slug))


def own_organizations(slugs: Collection[str]) -> list[OwnOrganization]:
    """Return the reader's own organizations, with what waits for them there."""
    return _memory().named(slugs)


def sidebar_counts() -> Counts:
    """Return what the whole counts by place, for staff alone; nothing before the clock looked."""
    return _memory().counts.get(_ask)


def ledger_is_held() -> bool:
    """Whether the ledger is held as one that was restored, as the clock saw it a moment ago."""
    return dict(sidebar_counts()).get(HELD, 0) > 0


def _ask() -> Counts:
    known = known_of_stripe()
    if known.is_silent:
        return ()
    try:
        kept = current_app.extensions["redis"].hgetall(COUNTS)
    except RedisError:
        known.note_silence()
        return ()
    return tuple((name.decode(), int(number)) for name, number in kept.items())


def _memory() -> SidebarMemory:
    memory: SidebarMemory = current_app.extensions["sidebar"]
    return memory
