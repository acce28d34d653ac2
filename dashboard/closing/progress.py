"""How far the close has come, how long it goes on, and what it waits for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.closing.held import Held

# Fewer than these say nothing of the pace.
LEAST_ISSUED, LEAST_SECONDS = 20, 60.0
# A pace of this share of what Stripe's rate allows is that rate, with the waits between two calls.
AT_THE_RATE = 0.7
# What the rate does in less time is no backlog: then no pace is known, but that little waits.
BACKLOG_SECONDS = 10

Limit = Literal[
    "idle",
    "done",
    "holds",
    "held",
    "away",
    "workers",
    "grace",
    "trying",
    "spread",
    "supply",
    "pace",
    "rate",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """Bills whose cycles are over, by how far they are; those on hold are in none of the first.

    `ended` are not closed yet, `closing` wait for late usage until `grace_ends` at the latest,
    `sealed` are to be finalized, `trying` of them after a failure, and
    `spread` of them later in the window of closes, until `spread_until` at the latest. `done` were
    issued in the last day, `recent` of them within `recent_seconds`.
    """

    ended: int = 0
    closing: int = 0
    sealed: int = 0
    trying: int = 0
    on_hold: int = 0
    done: int = 0
    recent: int = 0
    recent_seconds: float = 0.0
    grace_ends: datetime | None = None
    spread: int = 0
    spread_until: datetime | None = None

    @property
    def left(self) -> int:
        """How many are still to be issued, without a person."""
        return self.ended + self.closing + self.sealed

    @property
    def pace(self) -> float | None:
        """How many were issued a second of late; None where too few were to tell."""
        is_known = self.recent >= LEAST_ISSUED and self.recent_seconds >= LEAST_SECONDS
        return self.recent / self.recent_seconds if is_known else None


@dataclass(frozen=True, slots=True)
class Means:
    """What it is done with: closes a second that the rate allows, workers, None if not known."""

    per_second: float
    workers: int | None = None
    away_seconds: int = 0
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """`seconds_left` is None where nobody can say: it waits for a person, or for a worker."""

    total: int
    done: int
    on_hold: int
    left: int
    limit: Limit
    seconds_left: float | None
    per_minute: float

    @property
    def minutes_left(self) -> int | None:
        """The minutes left, rounded up; None where nobody can say."""
        return None if self.seconds_left is None else int(-(-self.seconds_left // 60))

    @property
    def percent(self) -> int:
        """How much of all is done; 100 only when all is."""
        return 100 if self.done == self.total else 100 * self.done // self.total


def progress(counts: Counts, means: Means, *, now: datetime) -> Progress:
    """Return how far the close is by these counts, at the pace of the last minutes."""
    limit = _limit(counts, means)
    pace = counts.pace or means.per_second
    return Progress(
        total=counts.left + counts.on_hold + counts.done,
        done=counts.done,
        on_hold=counts.on_hold,
        left=counts.left,
        limit=limit,
        seconds_left=_seconds_left(counts, means, limit, now),
        per_minute=60 * pace,
    )


def _limit(counts: Counts, means: Means) -> Limit:
    if not counts.left:
        return "holds" if counts.on_hold else "done" if counts.done else "idle"
    if means.held is not None:
        return "held"
    if means.away_seconds:
        return "away"
    if means.workers == 0:
        return "workers"
    return _limit_of_work(counts, means)


def _limit_of_work(counts: Counts, means: Means) -> Limit:
    if not counts.sealed:
        return "grace"
    if counts.trying >= counts.sealed:
        return "trying"
    due = counts.sealed - counts.trying - counts.spread
    if counts.spread and due < BACKLOG_SECONDS * means.per_second:
        return "spread"
    if due < BACKLOG_SECONDS * means.per_second:
        return "supply"
    is_slow = counts.pace is not None and counts.pace < AT_THE_RATE * means.per_second
    return "pace" if is_slow else "rate"


def _seconds_left(counts: Counts, means: Means, limit: Limit, now: datetime) -> float | None:
    if not counts.left:
        return 0.0
    if limit == "workers" or (means.held is not None and means.held.until is None):
        return None
    # At the pace seen, unless that was of a moment in which little was to be done.
    is_told = limit in ("rate", "pace") and counts.pace is not None
    pace = counts.pace if is_told and counts.pace else means.per_second
    until = means.held.until if means.held is not None else None
    starts = max(_ahead(until, now), float(means.away_seconds))
    ends = [
        starts + counts.left / pace,
        _ahead(counts.grace_ends, now) + counts.closing / pace,
        _ahead(counts.spread_until, now),
    ]
    return max(ends)


def _ahead(at: datetime | None, now: datetime) -> float:
    return max((at - now).total_seconds(), 0.0) if at is not None else 0.0
