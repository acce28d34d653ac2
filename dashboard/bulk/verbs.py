"""Every verb of bulk actions, by its name: a new one is a line here and its words on the page."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.bulk.held import APPROVE, CARRY, LET_GO
from dashboard.bulk.replays import ReplayVerb
from dashboard.bulk.syncs import ON_HOLD, SyncVerb
from dashboard.bulk.verb import Verb

_ALL: tuple[Verb, ...] = (
    SyncVerb("sync"),
    SyncVerb("verify", verifies=True),
    SyncVerb("release", releases=True),
    SyncVerb("reread", verifies=True, releases=True, of="held"),
    APPROVE,
    LET_GO,
    CARRY,
    ReplayVerb(),
)
VERBS: Mapping[str, Verb] = {one.name: one for one in _ALL}
# What fails for this reason fails again, whoever tries: another verb settles it.
INSTEAD: Mapping[str, str] = {ON_HOLD: "release"}


# Which of them repair what is on hold for a reason, the best first; the rest are tried again.
_REREAD = (
    "foreign_lines", "not_verified", "total_differs", "tax_differs", "stripe_missing",
    "stripe_not_ours", "stripe_invoice_not_editable",
)  # fmt: skip
_FITS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_REREAD, ("reread",)),
    # Tried again once the limit is another.
    **dict.fromkeys(APPROVE.codes, ("approve", "release")),
    **dict.fromkeys(LET_GO.codes, ("let_go",)),
    **dict.fromkeys(CARRY.codes, ("carry",)),
}


def verbs_for(code: str) -> tuple[Verb, ...]:
    """Return what repairs many bills that are on hold for one reason."""
    return tuple(VERBS[name] for name in _FITS.get(code, ("release",)))


def verb_name_after(name: str, error: str | None) -> str:
    """Return the name of what settles what a verb failed at with that error: mostly its own."""
    return INSTEAD.get(error or "", name)


def verbs_of(name: str) -> tuple[Verb, ...]:
    """Return what can be done to many rows of a list."""
    return tuple(one for one in _ALL if one.of == name)
