"""What was found and not mended yet, counted; and when the clock last looked at everything."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from dashboard.extensions import db
from dashboard.invariants.models import InvariantFinding, InvariantRound


class Tally(NamedTuple):
    """Of how many organizations it does not hold, since when, and how many wait for a second look.

    `since` is when the oldest of them was seen first.
    """

    organizations: int = 0
    places: int = 0
    since: datetime | None = None
    unconfirmed: int = 0


def tallies_now() -> dict[str, Tally]:
    """Return what does not hold now, by invariant; one statement."""
    is_confirmed = InvariantFinding.confirmed_at.is_not(None)
    rows = db.session.execute(
        select(
            InvariantFinding.invariant,
            func.count().filter(is_confirmed),
            func.coalesce(func.sum(InvariantFinding.places).filter(is_confirmed), 0),
            func.min(InvariantFinding.first_seen_at).filter(is_confirmed),
            func.count().filter(~is_confirmed),
        )
        .where(InvariantFinding.cleared_at.is_(None))
        .group_by(InvariantFinding.invariant)
    )
    return {
        name: Tally(number, int(places), since, unconfirmed)
        for name, number, places, since, unconfirmed in rows
    }


def last_round_at() -> datetime | None:
    """Return when the clock's last whole round began, or its first one if none is over yet."""
    is_own = InvariantRound.asked_by.is_(None)
    whole = select(func.max(InvariantRound.begun_at)).where(
        is_own, InvariantRound.ended_at.is_not(None)
    )
    first = select(func.min(InvariantRound.begun_at)).where(is_own)
    return db.session.scalar(
        select(func.coalesce(whole.scalar_subquery(), first.scalar_subquery()))
    )
