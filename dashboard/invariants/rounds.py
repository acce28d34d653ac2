"""Rounds of looks over every organization, a slice in each transaction; where it is, is a row.

So whoever is killed loses a slice, and the next goes on there. However many go on at a time, one
looks and the others leave it to that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, func, select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.extensions import db
from dashboard.invariants.hold import hold_and_let_go
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.keep import (
    CONFIRMED_AFTER,
    KEPT,
    forget_cleared,
    keep,
    take_turn,
)
from dashboard.invariants.known import BY_NAME, FOLLOWS_FACTS, INVARIANTS
from dashboard.invariants.look import SLICE, look_at
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.organizations.models import Organization

# From the beginning of one round of the clock's to that of the next, at least.
EVERY = timedelta(hours=1)
# In which a round is to be over, at a turn a minute; a day is what is promised.
TURNS_OF_A_ROUND = 20 * 60
# So many organizations of which something did not hold are looked at again in a turn.
MOST_AGAIN = 50


def look_again(*, now: datetime) -> int:
    """Look again where something did not hold, at what was seen longest ago; return at how many."""
    if not take_turn():
        return 0
    query = (
        select(InvariantFinding.organization_id)
        .where(
            InvariantFinding.cleared_at.is_(None),
            # Worked out anew, not asked: `of_facts` looks at that again.
            InvariantFinding.invariant != FOLLOWS_FACTS.name,
            InvariantFinding.last_seen_at <= now - CONFIRMED_AFTER,
        )
        .order_by(InvariantFinding.last_seen_at)
        .limit(MOST_AGAIN)
    )
    ids = sorted(set(db.session.scalars(query)))
    if ids:
        _look(ids, INVARIANTS, now)
    return len(ids)


def look_further(*, now: datetime, most: int = SLICE) -> bool:
    """Look at the next organizations of the round under way; False where nothing is to be done."""
    if not take_turn():
        return False
    round_ = _under_way() or _begin(now)
    if round_ is None:
        return False
    ids = _next(round_, most)
    if ids:
        only = [BY_NAME[name] for name in round_.invariants if name in BY_NAME]
        round_.found += _look(ids, only, now)
        _move(round_, ids, now)
    if len(ids) < most:
        round_.ended_at = now
    return True


def pass_over(*, now: datetime) -> int | None:
    """Move the round past one organization that cannot be looked at; return its id."""
    round_ = _under_way() if take_turn() else None
    ids = _next(round_, 1) if round_ else []
    if not round_ or not ids:
        return None
    _move(round_, ids, now)
    return ids[0]


def slices_of_a_turn() -> int:
    """Return how many slices a turn takes so that a round is over within a day.

    All of them for a person, who waits for it.
    """
    round_ = _under_way()
    if round_ is None:
        return 1
    slices = ceil(round_.total / SLICE)
    return max(1, slices if round_.asked_by else ceil(slices / TURNS_OF_A_ROUND))


def look_now(organization: Organization, *, actor: Actor, now: datetime) -> int:
    """Look at one organization for a person; return of how many invariants it found a place."""
    take_turn(wait=True)
    places = look_at([organization.id], now=now)
    names = {one.invariant.name for one in places}
    confirmed = keep([organization.id], places, INVARIANTS, now=now)
    hold_and_let_go(confirmed, [organization.id], now=now)
    write_entry("organization.looked_at", organization, actor, {"broken": len(names)}, now=now)
    return len(names)


def ask_round(invariant: Invariant, *, actor: Actor, now: datetime) -> InvariantRound:
    """Have all organizations looked at for one invariant soon; return the round, begun or not."""
    take_turn(wait=True)
    asked = select(InvariantRound).where(
        InvariantRound.ended_at.is_(None), InvariantRound.asked_by.is_not(None)
    )
    for one in db.session.scalars(asked):
        if one.invariants == [invariant.name]:
            return one
    begun = _new([invariant], now, asked_by=actor.label)
    write_entry("invariant.look_asked", begun, actor, {"invariant": invariant.holds}, now=now)
    return begun


def _look(ids: Sequence[int], only: Sequence[Invariant], now: datetime) -> int:
    found = look_at(ids, now=now, only=only)
    hold_and_let_go(keep(ids, found, only, now=now), ids, now=now)
    return len(found)


def _under_way() -> InvariantRound | None:
    """Return the round to go on with: what a person waits for is first."""
    query = (
        select(InvariantRound)
        .where(InvariantRound.ended_at.is_(None))
        .order_by(InvariantRound.asked_by.is_(None), InvariantRound.id)
        .limit(1)
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def _begin(now: datetime) -> InvariantRound | None:
    """Begin a round of the clock's if it is time, and forget what is long over."""
    last = select(func.max(InvariantRound.begun_at)).where(InvariantRound.asked_by.is_(None))
    begun_at = db.session.scalar(last)
    if begun_at is not None and now - begun_at < EVERY:
        return None
    forget_cleared(before=now - KEPT)
    db.session.execute(delete(InvariantRound).where(InvariantRound.ended_at < now - KEPT))
    return _new(INVARIANTS, now)


def _new(
    invariants: Sequence[Invariant], now: datetime, *, asked_by: str | None = None
) -> InvariantRound:
    begun = InvariantRound(
        invariants=[one.name for one in invariants],
        asked_by=asked_by,
        total=db.session.scalar(select(func.count()).select_from(Organization)) or 0,
        looked=0,
        found=0,
        place=0,
        begun_at=now,
        moved_at=now,
    )
    db.session.add(begun)
    return begun


def _next(round_: InvariantRound, most: int) -> Sequence[int]:
    query = select(Organization.id).where(Organization.id > round_.place)
    return db.session.scalars(query.order_by(Organization.id).limit(most)).all()


def _move(round_: InvariantRound, ids: Sequence[int], now: datetime) -> None:
    round_.looked += len(ids)
    round_.place, round_.moved_at = ids[-1], now
