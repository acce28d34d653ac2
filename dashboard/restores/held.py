"""Whether anything may be closed and written at Stripe: not while the ledger is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, select

from dashboard.errors import Busy, Conflict
from dashboard.extensions import db
from dashboard.restores.models import LedgerMark

T = TypeVar("T")
NOTHING_SENT = "Nothing is closed or sent to Stripe until an admin releases the ledger."


class LedgerIsHeld(Busy):
    """The ledger may be older than what Stripe was told, so nothing is sent."""

    code = "ledger_is_held"

    def __init__(self) -> None:
        super().__init__(f"The ledger was restored. {NOTHING_SENT}")


def why_held() -> str | None:
    """Return why closings and calls to Stripe wait, as a sentence; None when they do not."""
    return db.session.scalar(
        select(func.coalesce(LedgerMark.held_why, NOTHING_SENT)).where(
            LedgerMark.held_at.is_not(None)
        )
    )


def is_held() -> bool:
    """Whether closings and calls to Stripe wait."""
    return why_held() is not None


def unless_held(due: Sequence[T]) -> Sequence[T]:
    """Return what is due; nothing of it while the ledger is held. Where nothing is, none asks."""
    return due if due and not is_held() else ()


def check_not_held() -> None:
    """Raise `Conflict` where something would move money while the ledger may be behind."""
    why = why_held()
    if why is not None:
        raise Conflict(f"{why} {NOTHING_SENT} Nothing was changed.")
