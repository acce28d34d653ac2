"""A page of a timeline: the newest of every source, put in one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.reading.timeline import alerts, entries, events, milestones, notes, runs, usage
from dashboard.reading.timeline.happening import Happening
from dashboard.reading.timeline.wanted import Place, Wanted, Window

SIZE = 50


class Source(NamedTuple):
    """A log that a timeline is read from; `is_public`: some of it a customer may see."""

    read: Callable[[Window], list[Happening]]
    kinds: frozenset[str]
    is_public: bool


# A row's place in an address names its source by its number here: new ones come at the end.
SOURCES = (
    Source(entries.read_entries, entries.OF, is_public=True),
    Source(milestones.read_milestones, milestones.OF, is_public=True),
    Source(runs.read_runs, runs.OF, is_public=False),
    Source(events.read_events, events.OF, is_public=False),
    Source(alerts.read_alerts, alerts.OF, is_public=True),
    Source(alerts.read_unusual, alerts.OF, is_public=True),
    Source(notes.read_notes, notes.OF, is_public=False),
    Source(usage.read_usage, usage.OF, is_public=True),
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some of what happened, newest first; `before` is where older begins, None at the end."""

    rows: Sequence[Happening]
    before: Place | None


def read_timeline(wanted: Wanted, *, before: Place | None = None, size: int = SIZE) -> Timeline:
    """Return the newest of what is wanted below `before`; one statement for each source asked."""
    found: list[Happening] = []
    for rank, source in enumerate(SOURCES):
        if wanted.takes(source.kinds, is_public=source.is_public):
            found += source.read(Window(wanted, before, rank, size + 1))
    found.sort(key=lambda one: one.place, reverse=True)
    kept = found[:size]
    return Timeline(kept, kept[-1].place if len(found) > size else None)
