"""Pause all closings until a time, and let them go on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.closing.models import ClosingPause
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db

LONGEST = timedelta(days=7)
# So many pauses that took each other's place are counted as one.
MOST_CHAINED = 100
# Of advisory locks within a transaction: who pauses or resumes does so alone.
_TURN = text("select pg_advisory_xact_lock(hashtext('closing_pauses'))")


def open_pause(*, now: datetime) -> ClosingPause | None:
    """Return the pause that holds now."""
    query = select(ClosingPause).where(ClosingPause.ended_at.is_(None), ClosingPause.until_at > now)
    return db.session.scalar(query)


def paused_since(*, now: datetime) -> datetime | None:
    """Return since when closings are paused without a gap; None where they are not.

    A pause that took the place of another goes on from that one's begin.
    """
    since = None
    for one in last_pauses(MOST_CHAINED):
        if since is None and (one.ended_at is not None or one.until_at <= now):
            return None
        if since is not None and one.ended_at != since:
            break
        since = one.begun_at
    return since


def last_pauses(most: int = 5) -> list[ClosingPause]:
    """Return the last pauses, the newest first."""
    query = select(ClosingPause).order_by(ClosingPause.id.desc()).limit(most)
    return list(db.session.scalars(query))


def pause_closings(
    *, until: datetime, reason: str, actor: Actor, now: datetime, replaces: int | None = None
) -> ClosingPause:
    """Hold every finalization until `until`; the same again, sent twice, is the same pause.

    `replaces` is the pause that was seen and that this takes the place of, with nothing issued
    between the two. Raises `Conflict` while another holds, `Invalid` for an end that is past or too
    far.
    """
    if not reason.strip():
        raise Invalid("A pause needs a reason. Nothing was paused. Say why.", field="reason")
    if until <= now:
        raise Invalid(
            "The end of the pause is past. Nothing was paused. Choose a later time.", field="until"
        )
    if until > now + LONGEST:
        raise Invalid(
            f"A pause lasts at most {LONGEST.days} days. Nothing was paused. Choose an earlier "
            "end; a pause can be made again.",
            field="until",
        )
    db.session.execute(_TURN)
    held = _as_now()
    if held is not None and held.until_at > now:
        if (held.reason, held.until_at, held.begun_by) == (reason, until, actor.label):
            return held
        if replaces != held.id:
            raise Conflict(
                f"Closings are paused already, by {held.begun_by}. Nothing was changed. Read the "
                "reason, then change that pause if you still want to."
            )
        _end(held, actor, now)
        db.session.flush()
    elif held is not None:
        _expire(held, now)
    row = ClosingPause(reason=reason, begun_at=now, begun_by=actor.label, until_at=until)
    db.session.add(row)
    facts = {"until": until.isoformat()}
    write_entry("closing_pause.begun", row, actor, facts, reason=reason, now=now)
    return row


def resume_closings(pause_id: int | None, *, actor: Actor, now: datetime) -> None:
    """End the pause; when it has ended already nothing changes.

    `pause_id` is the one that was seen: raises `Stale` when another holds by now.
    """
    db.session.execute(_TURN)
    held = _as_now()
    if held is None:
        return
    if held.until_at <= now:
        _expire(held, now)
        return
    if pause_id not in (None, held.id):
        raise Stale(
            "Closings were paused again by another person. Nothing was changed. Read the reason, "
            "then resume them if you still want to."
        )
    _end(held, actor, now)


def _end(held: ClosingPause, actor: Actor, now: datetime) -> None:
    held.ended_at, held.ended_by = now, actor.label
    facts = {"begun_by": held.begun_by, "until": held.until_at.isoformat()}
    write_entry("closing_pause.ended", held, actor, facts, now=now)


def _expire(held: ClosingPause, now: datetime) -> None:
    """Say on its row and on record that its time came: no person ended it."""
    held.ended_at = held.until_at
    facts = {"begun_by": held.begun_by, "until": held.until_at.isoformat()}
    write_entry("closing_pause.expired", held, SYSTEM, facts, now=now)
    db.session.flush()


def _as_now() -> ClosingPause | None:
    query = select(ClosingPause).where(ClosingPause.ended_at.is_(None))
    # Whoever changes it has the turn; the session may hold it as it was before.
    return db.session.scalar(query, execution_options={"populate_existing": True})
