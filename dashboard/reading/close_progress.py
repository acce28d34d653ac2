"""How far the close is, counted: bills whose cycles are over, and those issued in the last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select

from dashboard.billing.difference import BILLS, CODES
from dashboard.billing.models import Invoice
from dashboard.closing.models import ClosingPause
from dashboard.closing.progress import Counts
from dashboard.extensions import db
from dashboard.sync.held import CODE
from dashboard.sync.models import ACTIVE, SyncRun

DAY = timedelta(days=1)
# The pace is that of the last minutes.
RECENT = timedelta(minutes=5)
# A closing bill's own calls, if its reply shows all of its lines: its change, and the finalization.
CALLS = 2


@dataclass(frozen=True, slots=True)
class OnHold:
    """Unissued bills that are held for one reason: how many, since when, of how many cents.

    `cents` is by currency, the largest first.
    """

    code: str
    bills: int
    since: datetime
    cents: Sequence[tuple[str, int]]


def close_counts(*, now: datetime) -> Counts:
    """Count: three statements, each along an index of what is not settled or of the last day."""
    unfinished = (
        select(
            _number(Invoice.parked_at.is_(None) & (Invoice.status == "closing")),
            _number(Invoice.parked_at.is_(None) & (Invoice.status == "sealed")),
            _number(
                Invoice.parked_at.is_(None)
                & (Invoice.status == "sealed")
                & (Invoice.finalize_after_at > now)
                & (Invoice.sync_failures > 0)
            ),
            _number(_has_later_turn(now)),
            func.max(case((_has_later_turn(now), Invoice.finalize_after_at))),
            _number(Invoice.parked_at.is_not(None)),
            func.max(case((Invoice.status == "closing", Invoice.seal_after_at))),
        )
        .where(Invoice.status.in_(("closing", "sealed")))
        .order_by(None)
    )
    closing, sealed, failed, spread, spread_until, held, grace_ends = db.session.execute(
        unfinished
    ).one()
    over = (Invoice.status == "draft") & (Invoice.period_end <= now)
    drafts = select(
        _number(Invoice.parked_at.is_(None)), _number(Invoice.parked_at.is_not(None))
    ).where(over)
    ended, ended_held = db.session.execute(drafts).one()
    # What was issued before the last pause says nothing of the pace behind it.
    free_at = func.coalesce(ClosingPause.ended_at, ClosingPause.until_at)
    resumed = select(func.max(free_at)).where(free_at <= now).scalar_subquery()
    recent = Invoice.finalized_at >= func.greatest(now - RECENT, resumed)
    issued = select(
        func.count(), _number(recent), func.min(case((recent, Invoice.finalized_at)))
    ).where(Invoice.finalized_at >= now - DAY)
    done, lately, first = db.session.execute(issued).one()
    return Counts(
        ended=ended,
        closing=closing,
        sealed=sealed,
        trying=failed + _trying(),
        on_hold=held + ended_held,
        done=done,
        recent=lately,
        recent_seconds=(now - first).total_seconds() if first else 0.0,
        grace_ends=grace_ends,
        spread=spread,
        spread_until=spread_until,
    )


def _has_later_turn(now: datetime) -> ColumnElement[bool]:
    """Whether a sealed bill waits for its minute within the window, and not after a failure."""
    return (
        Invoice.parked_at.is_(None)
        & (Invoice.status == "sealed")
        & (Invoice.finalize_after_at > now)
        & (Invoice.sync_failures == 0)
    )


def held_by_reason(*, now: datetime) -> list[OnHold]:
    """Return the bills on hold that would be issued by now, by their reason, the most first."""
    is_draft = Invoice.status == "draft"
    is_unissued = Invoice.status.in_(("closing", "sealed")) | is_draft & (Invoice.period_end <= now)
    return _by_reason(is_unissued)


def issued_on_hold() -> list[OnHold]:
    """Return the issued bills that are held because Stripe made them differently, by reason."""
    is_issued = Invoice.parked_code.in_(CODES) & Invoice.status.in_(BILLS)
    return _by_reason(is_issued)


def _by_reason(which: ColumnElement[bool]) -> list[OnHold]:
    query = (
        select(
            Invoice.parked_code,
            Invoice.currency,
            func.count(),
            func.min(Invoice.parked_at),
            cast(func.sum(Invoice.total_cents), BigInteger),
        )
        .where(Invoice.parked_at.is_not(None), which)
        .group_by(Invoice.parked_code, Invoice.currency)
    )
    found: dict[str, list[tuple[str, int, datetime, int]]] = {}
    for code, currency, bills, since, cents in db.session.execute(query):
        # By the table's check both are there where the bill is on hold.
        if code is not None and since is not None:
            found.setdefault(code, []).append((currency, bills, since, cents))
    every = [_on_hold(code, rows) for code, rows in found.items()]
    return sorted(every, key=lambda one: (-one.bills, one.code))


def _on_hold(code: str, rows: Sequence[tuple[str, int, datetime, int]]) -> OnHold:
    largest_first = sorted(rows, key=lambda row: -row[3])
    return OnHold(
        code,
        sum(bills for _, bills, _, _ in rows),
        min(since for _, _, since, _ in rows),
        [(currency, cents) for currency, _, _, cents in largest_first],
    )


def _trying() -> int:
    """Return how many final runs wait to try again, but for those that a pause holds.

    Those that failed for good wait to be asked for again; none has a run that is active.
    """
    query = select(func.count()).where(
        SyncRun.state.in_(ACTIVE),
        SyncRun.state == "retrying",
        SyncRun.trigger == "final",
        SyncRun.error_code.is_distinct_from(CODE),
    )
    return db.session.scalars(query).one()


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
