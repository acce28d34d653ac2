"""What must hold between the facts and the whole ledger: looked at by working it out anew.

No statement says it, so the clock has a run of its own for it (`recount.runs`), a few seconds at a
time; what it finds is kept, confirmed and held like everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from dashboard.extensions import db
from dashboard.invariants.hold import hold_and_let_go
from dashboard.invariants.keep import CONFIRMED_AFTER, keep, take_turn
from dashboard.invariants.known import FOLLOWS_FACTS
from dashboard.invariants.look import Broken
from dashboard.invariants.models import InvariantFinding
from dashboard.recount.look import Recounted

MOST_AGAIN = 5


def to_look_at_again(*, now: datetime) -> Sequence[int]:
    """Return organizations of which the ledger was something else, seen longest ago first."""
    query = select(InvariantFinding.organization_id).where(
        InvariantFinding.cleared_at.is_(None),
        InvariantFinding.invariant == FOLLOWS_FACTS.name,
        InvariantFinding.last_seen_at <= now - CONFIRMED_AFTER,
    )
    return db.session.scalars(query.order_by(InvariantFinding.last_seen_at).limit(MOST_AGAIN)).all()


def keep_recounted(organization_id: int, recounted: Recounted, *, now: datetime) -> None:
    """Keep what a recount of one organization found, and hold or let go its bills."""
    take_turn(wait=True)
    found = [
        Broken(
            FOLLOWS_FACTS,
            organization_id,
            one.slug,
            one.sequence,
            one.subject,
            one.currency,
            one.expected,
            one.found,
            one.why,
        )
        for one in recounted.differences
    ]
    confirmed = keep([organization_id], found, [FOLLOWS_FACTS], now=now)
    hold_and_let_go(confirmed, [organization_id], now=now)
