"""Whether closings are held in the whole installation: the one question that all who close ask."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, DateTime, cast, literal, null, select

from dashboard.closing.models import ClosingPause
from dashboard.restores.models import LedgerMark
from dashboard.statement import Statement, parameter


class Held(NamedTuple):
    """Why nothing is finalized now, as a sentence, and until when; None for no end."""

    reason: str
    until: datetime | None


def closings_held(*, now: datetime) -> Held | None:
    """Return why no bill may be finalized now; None when they may.

    Sealed bills wait meanwhile, and everything before goes on: usage, syncs, rolling, sealing. Each
    final run asks before its first call, so that what was under way is ended and nothing begins.
    """
    paused = _PAUSE.row(now=now)
    return Held(*paused) if paused is not None else None


def nothing_holds(now: datetime) -> ColumnElement[bool]:
    """Return the same question as a condition, for those who look for what waited for it."""
    return ~_holding(literal(now)).exists()


def _holding(now: ColumnElement[datetime]) -> CompoundSelect[str | None, datetime]:
    # One that has no end but its release comes first: the ledger was restored.
    restored = select(LedgerMark.held_why, cast(null(), DateTime(timezone=True)))
    return restored.where(LedgerMark.held_at.is_not(None)).union_all(
        select(ClosingPause.reason, ClosingPause.until_at).where(
            ClosingPause.ended_at.is_(None), ClosingPause.until_at > now
        )
    )


_PAUSE = Statement(_holding(parameter("now", DateTime(timezone=True))).limit(1))
