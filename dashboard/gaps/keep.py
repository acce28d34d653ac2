"""Keep the gaps that a look found: new, seen again, confirmed by a second look, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.billing.locks import for_change
from dashboard.extensions import db
from dashboard.gaps.gap import Gap
from dashboard.gaps.models import GapRound, SeenAtStripe, StripeGap

log = structlog.get_logger("dashboard.gaps")
# An event that says so may be on its way, or in the inbox.
CONFIRMED_AFTER = timedelta(minutes=10)
# Each look at one is a read.
KNOWN_AGAIN = timedelta(hours=6)
KEPT = timedelta(days=90)
# Of one kind. More of them have one cause, and the first show it.
MOST = 1_000


def keep(found: Iterable[Gap], *, now: datetime) -> None:
    """Keep what a look found; what is known already was seen again."""
    gaps = {(one.kind, one.stripe_id): one for one in found}
    if not gaps:
        return
    names = [stripe_id for _, stripe_id in gaps]
    query = select(StripeGap).where(StripeGap.gone_at.is_(None), StripeGap.stripe_id.in_(names))
    known = {(one.kind, one.stripe_id): one for one in db.session.scalars(query)}
    for key, gap in gaps.items():
        if key in known:
            see_again(known[key], gap, now=now)
        elif _has_room(gap.kind):
            # Another look may find it at the same moment.
            db.session.execute(insert(StripeGap).on_conflict_do_nothing(), [_new(gap, now)])


def _new(gap: Gap, now: datetime) -> dict[str, Any]:
    return asdict(gap) | {"first_seen_at": now, "last_seen_at": now}


def see_again(row: StripeGap, gap: Gap, *, now: datetime) -> None:
    """Note that a gap is still there, and confirm it once it has been for a while."""
    row.last_seen_at, row.told = now, gap.told
    if row.confirmed_at is None and now - row.first_seen_at >= CONFIRMED_AFTER:
        row.confirmed_at = now
        log.error("stripe_gap", kind=row.kind, stripe_id=row.stripe_id, told=row.told)


def still_open(gap_id: int) -> StripeGap | None:
    """Return a gap that is not gone, held until the commit; another look may be at it."""
    query = select(StripeGap).where(StripeGap.id == gap_id, StripeGap.gone_at.is_(None))
    return db.session.scalars(for_change(query, of=StripeGap)).one_or_none()


def let_go(row: StripeGap, *, now: datetime) -> None:
    """Note that a gap is gone; one that was never confirmed was a moment, and is forgotten."""
    if row.confirmed_at is None:
        db.session.delete(row)
    else:
        row.gone_at = row.last_seen_at = now


def to_look_at_again(*, now: datetime, most: int) -> Sequence[StripeGap]:
    """Return what was seen once a while ago, and what is known and was not seen for long."""
    query = select(StripeGap).where(
        StripeGap.gone_at.is_(None),
        or_(
            and_(StripeGap.confirmed_at.is_(None), StripeGap.last_seen_at <= now - CONFIRMED_AFTER),
            StripeGap.last_seen_at <= now - KNOWN_AGAIN,
        ),
    )
    return db.session.scalars(query.order_by(StripeGap.last_seen_at).limit(most)).all()


def is_gaps_turn() -> bool:
    """Whether what is known was looked at less recently than a round went on."""
    seen = select(func.max(StripeGap.last_seen_at)).where(StripeGap.gone_at.is_(None))
    moved_at = db.session.scalar(select(func.max(GapRound.moved_at)))
    seen_at = db.session.scalar(seen)
    return moved_at is not None and seen_at is not None and seen_at <= moved_at


def open_gaps(*, most: int | None = None) -> Sequence[StripeGap]:
    """Return the gaps that are not gone, the oldest first."""
    query = select(StripeGap).where(StripeGap.gone_at.is_(None))
    return db.session.scalars(query.order_by(StripeGap.id).limit(most)).all()


def note_seen(stripe_ids: Iterable[str], *, now: datetime) -> None:
    """Note that a page showed these, or a read of one that no page shows."""
    values = [{"stripe_id": one, "seen_at": now} for one in sorted(set(stripe_ids))]
    if values:
        added = insert(SeenAtStripe).values(values)
        db.session.execute(
            added.on_conflict_do_update(
                index_elements=["stripe_id"], set_={"seen_at": added.excluded.seen_at}
            )
        )


def forget(*, now: datetime) -> None:
    """Remove what was gone or over long ago."""
    before = now - KEPT
    db.session.execute(delete(StripeGap).where(StripeGap.gone_at < before))
    db.session.execute(delete(GapRound).where(GapRound.ended_at < before))
    db.session.execute(delete(SeenAtStripe).where(SeenAtStripe.seen_at < before))


def counts() -> dict[str, int]:
    """Return how many confirmed gaps there are of each kind."""
    query = select(StripeGap.kind, func.count()).where(
        StripeGap.gone_at.is_(None), StripeGap.confirmed_at.is_not(None)
    )
    rows = db.session.execute(query.group_by(StripeGap.kind))
    return {str(kind): int(number) for kind, number in rows}


def _has_room(kind: str) -> bool:
    query = select(func.count()).where(StripeGap.kind == kind, StripeGap.gone_at.is_(None))
    return (db.session.scalar(query) or 0) < MOST
