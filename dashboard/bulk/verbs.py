"""Every verb of bulk actions, by its name: a new one is a line here and its words on the page."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.bulk.replays import ReplayVerb
from dashboard.bulk.syncs import SyncVerb
from dashboard.bulk.verb import Verb

_ALL: tuple[Verb, ...] = (
    SyncVerb("sync"),
    SyncVerb("verify", verifies=True),
    SyncVerb("release", releases=True),
    ReplayVerb(),
)
VERBS: Mapping[str, Verb] = {one.name: one for one in _ALL}


def verbs_of(name: str) -> tuple[Verb, ...]:
    """Return what can be done to many rows of a list."""
    return tuple(one for one in _ALL if one.of == name)
