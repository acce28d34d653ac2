"""Every verb of bulk actions, by its name: a new one is a line here and its words on the page."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.bulk.replays import ReplayVerb
from dashboard.bulk.syncs import ON_HOLD, SyncVerb
from dashboard.bulk.verb import Verb

_ALL: tuple[Verb, ...] = (
    SyncVerb("sync"),
    SyncVerb("verify", verifies=True),
    SyncVerb("release", releases=True),
    ReplayVerb(),
)
VERBS: Mapping[str, Verb] = {one.name: one for one in _ALL}
# What fails for this reason fails again, whoever tries: another verb settles it.
INSTEAD: Mapping[str, str] = {ON_HOLD: "release"}


def verb_name_after(name: str, error: str | None) -> str:
    """Return the name of what settles what a verb failed at with that error: mostly its own."""
    return INSTEAD.get(error or "", name)


def verbs_of(name: str) -> tuple[Verb, ...]:
    """Return what can be done to many rows of a list."""
    return tuple(one for one in _ALL if one.of == name)
