"""Keep what a look found: new, seen again, confirmed by a second look, or gone.

A statement sees one moment, and what it finds may be mended by the next: a sync that keeps what
Stripe confirmed call by call, say. So nothing alarms or holds a bill before a second look, a while
later, has found the same place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import BigInteger, String, delete, func, select

from dashboard.extensions import db
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.look import Broken
from dashboard.invariants.models import InvariantFinding
from dashboard.statement import any_of

log = structlog.get_logger("dashboard.invariants")
CONFIRMED_AFTER = timedelta(minutes=1)
KEPT = timedelta(days=90)
EXAMPLES = 5
LONGEST = 300
# Of one invariant. Where more organizations are concerned it has one cause, and the first show it.
MOST = 10_000
# Held by whoever looks in order to keep it, until the end of the transaction.
LOCK = 734_511

Name = tuple[int, str]


def keep(
    organization_ids: Collection[int],
    found: Sequence[Broken],
    only: Sequence[Invariant],
    *,
    now: datetime,
) -> list[InvariantFinding]:
    """Keep what a look at these organizations for these invariants found; the lock must be held.

    Returns the findings that it confirmed.
    """
    known = _known(organization_ids, only)
    places = _by_name(found)
    confirmed = [
        finding
        for name, finding in known.items()
        if name in places and _see_again(finding, places[name], now)
    ]
    for name, finding in known.items():
        if name not in places:
            _let_go(finding, now)
    _add({name: some for name, some in places.items() if name not in known}, now)
    db.session.flush()
    for one in confirmed:
        log.error(
            "invariant_broken",
            invariant=one.invariant,
            organization_id=one.organization_id,
            places=one.places,
            example=one.examples[0]["text"],
        )
    return confirmed


def take_turn(*, wait: bool = False) -> bool:
    """Take the lock of whoever looks; whether it was free. With `wait`, once it is."""
    if wait:
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
        return True
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))


def forget_cleared(*, before: datetime) -> None:
    """Remove what held again before then."""
    db.session.execute(delete(InvariantFinding).where(InvariantFinding.cleared_at < before))


def _known(
    organization_ids: Collection[int], only: Sequence[Invariant]
) -> dict[Name, InvariantFinding]:
    rows = db.session.scalars(
        select(InvariantFinding)
        .where(
            InvariantFinding.cleared_at.is_(None),
            InvariantFinding.organization_id == any_of(organization_ids, BigInteger),
            InvariantFinding.invariant == any_of([one.name for one in only], String),
        )
        .order_by(InvariantFinding.id)
        .execution_options(populate_existing=True)
    )
    return {(one.organization_id, one.invariant): one for one in rows}


def _by_name(found: Sequence[Broken]) -> dict[Name, list[Broken]]:
    places: dict[Name, list[Broken]] = defaultdict(list)
    for one in found:
        places[one.organization_id, one.invariant.name].append(one)
    return places


def _see_again(finding: InvariantFinding, places: Sequence[Broken], now: datetime) -> bool:
    """Note what is seen now; whether this look confirms it."""
    before = {one["subject"] for one in finding.examples}
    # What is apart elsewhere now was mended where it was: that is another moment, not a second one.
    is_same = finding.places > EXAMPLES or before & {one.subject for one in places}
    is_first = finding.confirmed_at is None
    finding.places, finding.last_seen_at = len(places), now
    finding.examples = _examples(places)
    if is_first and not is_same:
        finding.first_seen_at = now
    if is_first and is_same and now - finding.first_seen_at >= CONFIRMED_AFTER:
        finding.confirmed_at = now
        return True
    return False


def _let_go(finding: InvariantFinding, now: datetime) -> None:
    if finding.confirmed_at is None:
        db.session.delete(finding)
    else:
        finding.cleared_at = now


def _add(new: Mapping[Name, Sequence[Broken]], now: datetime) -> None:
    if not new:
        return
    room = _room({name for _, name in new})
    for (organization_id, name), places in new.items():
        if room[name] <= 0:
            continue
        room[name] -= 1
        db.session.add(
            InvariantFinding(
                invariant=name,
                organization_id=organization_id,
                places=len(places),
                examples=_examples(places),
                first_seen_at=now,
                last_seen_at=now,
            )
        )


def _room(names: Collection[str]) -> dict[str, int]:
    """Return how many more findings of each may be kept."""
    rows = db.session.execute(
        select(InvariantFinding.invariant, func.count())
        .where(InvariantFinding.cleared_at.is_(None))
        .group_by(InvariantFinding.invariant)
    )
    return dict.fromkeys(names, MOST) | {name: MOST - number for name, number in rows}


def _examples(places: Sequence[Broken]) -> list[dict[str, Any]]:
    return [
        {"subject": one.subject, "text": str(one)[:LONGEST], "sequence": one.sequence}
        for one in places[:EXAMPLES]
    ]
