"""Whether the money adds up, as its page reads it: what was found is kept, so no look is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import func, select

from dashboard.extensions import db
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.known import EVERY_INVARIANT, FOLLOWS_FACTS
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.invariants.tallies import Tally, tallies_now
from dashboard.organizations.models import Organization
from dashboard.recount.runs import last_whole_at

# Each organization is to be looked at within a day.
STALE = timedelta(hours=26)
# To work all of it out anew takes a third of a minute in each ten.
RECOUNT_STALE = timedelta(days=8)
# The clock takes a slice each minute.
STANDS = timedelta(minutes=10)
SHOWN, MOST = 3, 100
# A round an hour at the most, so these are of two days.
ROUNDS = 60
State = Literal["broken", "holds", "stale", "unseen"]


class Found(NamedTuple):
    """Of whom an invariant does not hold, in how many places, and the first of them."""

    id: int
    invariant: str
    slug: str
    organization: str
    places: int
    examples: Sequence[dict[str, Any]]
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """An invariant, what was found of it, and when all organizations were last looked at for it.

    `looked_at` is when that round began: what was written since may not be in it.
    """

    invariant: Invariant
    tally: Tally
    looked_at: datetime | None
    found: Sequence[Found]
    is_stale: bool

    @property
    def state(self) -> State:
        """Broken wherever a look found it so; what nobody has looked at is not said to hold."""
        if self.tally.organizations:
            return "broken"
        if self.looked_at is None:
            return "unseen"
        return "stale" if self.is_stale else "holds"


@dataclass(frozen=True, slots=True)
class Overview:
    """Every check, and the rounds that are under way."""

    checks: Sequence[Check]
    rounds: Sequence[InvariantRound]
    stands: bool

    def of(self, *states: State) -> list[Check]:
        """Return those in one of these states, in their order."""
        return [one for one in self.checks if one.state in states]


def read_invariants(*, now: datetime, name: str | None = None) -> Overview:
    """Return every check, or that of a name with more of what was found; five statements."""
    only = [one for one in EVERY_INVARIANT if name is None or one.name == name]
    tallies = tallies_now()
    found = _found([one.name for one in only], SHOWN if name is None else MOST)
    rounds = _rounds()
    seen = {one: round_.begun_at for round_ in reversed(_ended()) for one in round_.invariants}
    recounted_at = last_whole_at()
    if recounted_at is not None:
        seen[FOLLOWS_FACTS.name] = recounted_at
    checks = [
        Check(
            one,
            tallies.get(one.name, Tally()),
            at := seen.get(one.name),
            found[one.name],
            at is None or now - at > (STALE if one.sql else RECOUNT_STALE),
        )
        for one in only
    ]
    return Overview(checks, rounds, any(now - one.moved_at > STANDS for one in rounds))


def _found(names: Sequence[str], most: int) -> dict[str, list[Found]]:
    number = func.row_number().over(
        partition_by=InvariantFinding.invariant, order_by=InvariantFinding.id
    )
    first = (
        select(InvariantFinding, number.label("number"))
        .where(
            InvariantFinding.cleared_at.is_(None),
            InvariantFinding.confirmed_at.is_not(None),
            InvariantFinding.invariant.in_(names),
        )
        .subquery()
    )
    columns = first.c
    rows = db.session.execute(
        select(
            columns.id, columns.invariant, Organization.slug, Organization.name, columns.places,
            columns.examples, columns.first_seen_at, columns.last_seen_at,
        )
        .join(Organization, Organization.id == columns.organization_id)
        .where(columns.number <= most)
        .order_by(columns.id)
    )  # fmt: skip
    found: dict[str, list[Found]] = defaultdict(list)
    for row in map(Found._make, rows):
        found[row.invariant].append(row)
    return found


def _rounds() -> Sequence[InvariantRound]:
    query = select(InvariantRound).where(InvariantRound.ended_at.is_(None))
    return db.session.scalars(query.order_by(InvariantRound.id)).all()


def _ended() -> Sequence[InvariantRound]:
    """Return the rounds that are over, the last first."""
    query = select(InvariantRound).where(InvariantRound.ended_at.is_not(None))
    return db.session.scalars(query.order_by(InvariantRound.ended_at.desc()).limit(ROUNDS)).all()
