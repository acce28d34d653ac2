"""Rehearse a day's closes in slices, each a transaction of its own; where it is, is a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Date, cast, delete, func, insert, select, text

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.models import Invoice
from dashboard.close_rehearsal.models import CloseRehearsal, RehearsedBill
from dashboard.close_rehearsal.plan_close import PlannedClose, meters_of, plan_close
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db

SLICE = 25
# What was said is held against what happened, and forgotten.
KEPT = timedelta(days=90)
LOOKS_AHEAD = timedelta(days=32)
NIGHT = timedelta(hours=12)
_TURN = text("select pg_try_advisory_xact_lock(hashtext('close_rehearsals'))")
_WAIT = text("select pg_advisory_xact_lock(hashtext('close_rehearsals'))")


def night_before(ends: Mapping[date, int], now: datetime) -> date | None:
    """Return the day with the most ends of those to come, if it begins within the night. Pure."""
    if not ends:
        return None
    largest = max(ends, key=lambda day: (ends[day], -day.toordinal()))
    begins = datetime.combine(largest, time(), UTC)
    return largest if now < begins <= now + NIGHT else None


def ends_by_day(*, now: datetime) -> Mapping[date, int]:
    """Return how many drafts end on each UTC day of the next month."""
    day = cast(func.timezone("UTC", Invoice.period_end), Date)
    query = (
        select(day, func.count())
        .where(
            Invoice.status == "draft",
            Invoice.period_end > now,
            Invoice.period_end < now + LOOKS_AHEAD,
        )
        .group_by(day)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def begin_by_clock(*, now: datetime) -> None:
    """Begin the rehearsal of the largest day to come in the night before it, once."""
    if not db.session.scalar(_TURN) or _under_way() is not None:
        return
    day = night_before(ends_by_day(now=now), now)
    known = select(CloseRehearsal.id).where(
        CloseRehearsal.day == day, CloseRehearsal.asked_by.is_(None)
    )
    if day is None or db.session.scalar(known) is not None:
        return
    db.session.execute(delete(CloseRehearsal).where(CloseRehearsal.ended_at < now - KEPT))
    _new(day, None, now)


def ask_rehearsal(day: date, *, actor: Actor, now: datetime) -> CloseRehearsal:
    """Have a day's closes rehearsed now; one of the same day that goes on is returned.

    Raises `Conflict` while one of another day goes on, `Invalid` for a day with nothing to close.
    """
    db.session.execute(_WAIT)
    found = _under_way()
    if found is not None:
        if found.day == day:
            return found
        raise Conflict(
            f"The closes of {found.day:%-d %b} are being rehearsed. Nothing was begun. Wait for "
            "its end, a few minutes."
        )
    if abs((day - now.astimezone(UTC).date()).days) > LOOKS_AHEAD.days:
        raise Invalid("No cycle ends that far away. Choose a day within a month.", field="day")
    begun = _new(day, actor.label, now)
    if not begun.total:
        raise Invalid(
            "No current invoice ends on that day. Nothing was begun. Choose another day.",
            field="day",
        )
    write_entry("close_rehearsal.asked", begun, actor, {"day": day.isoformat()}, now=now)
    return begun


def rehearse_further(*, now: datetime, most: int = SLICE) -> bool:
    """Plan the next bills of the rehearsal; False where none is left, or another process does."""
    if not db.session.scalar(_TURN):
        return False
    round_ = _under_way()
    if round_ is None:
        return False
    ids = _next(round_, most)
    meters = meters_of(ids)
    planned = [
        plan_close(db.session.get_one(Invoice, one), meters.get(one, ()), now=now) for one in ids
    ]
    if planned:
        db.session.execute(insert(RehearsedBill), [_row(round_, one) for one in planned])
        _move(round_, ids, now)
    if len(ids) < most:
        round_.ended_at = now
    return bool(ids)


def pass_over(*, now: datetime) -> int | None:
    """Move the rehearsal past one bill that cannot be planned; return its id."""
    round_ = _under_way() if db.session.scalar(_TURN) else None
    ids = _next(round_, 1) if round_ else []
    if not round_ or not ids:
        return None
    round_.failed += 1
    _move(round_, ids, now)
    return ids[0]


def _under_way() -> CloseRehearsal | None:
    query = select(CloseRehearsal).where(CloseRehearsal.ended_at.is_(None))
    return db.session.scalar(query.execution_options(populate_existing=True))


def _new(day: date, asked_by: str | None, now: datetime) -> CloseRehearsal:
    total = db.session.scalar(select(func.count()).where(_ends_on(day))) or 0
    begun = CloseRehearsal(
        day=day, asked_by=asked_by, total=total, looked=0, failed=0, place=0, begun_at=now,
        moved_at=now,
    )  # fmt: skip
    db.session.add(begun)
    return begun


def _next(round_: CloseRehearsal, most: int) -> Sequence[int]:
    query = select(Invoice.id).where(_ends_on(round_.day), Invoice.id > round_.place)
    return db.session.scalars(query.order_by(Invoice.id).limit(most)).all()


def _ends_on(day: date) -> ColumnElement[bool]:
    begins = datetime.combine(day, time(), UTC)
    return (
        (Invoice.status == "draft")
        & (Invoice.period_end >= begins)
        & (Invoice.period_end < begins + timedelta(days=1))
    )


def _move(round_: CloseRehearsal, ids: Sequence[int], now: datetime) -> None:
    round_.looked += len(ids)
    round_.place, round_.moved_at = ids[-1], now


def _row(round_: CloseRehearsal, one: PlannedClose) -> dict[str, object]:
    return {
        "rehearsal_id": round_.id,
        "invoice_id": one.invoice.id,
        "organization_id": one.invoice.organization_id,
        "currency": one.invoice.currency,
        "total_cents": one.total_cents,
        "expected_cents": one.expected_cents,
        "before_cents": one.before_cents,
        "calls": one.calls,
        "would_hold": one.would_hold,
        "why": one.why,
        "anomalies": list(one.anomalies),
    }
