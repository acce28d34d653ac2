"""Whether anything may be closed and written at Stripe: not while the ledger is behind it.

A stop that only compares is none of that for long: nothing is known to be lost. While Stripe cannot
be asked, its calls wait, which could not be made anyway, and all else goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import func, or_, select

from dashboard.errors import Busy, Conflict
from dashboard.extensions import db
from dashboard.restores.models import LedgerMark

T = TypeVar("T")
NOTHING_SENT = "Nothing is closed or sent to Stripe until an admin releases the ledger."
SOON = "Closings and calls to Stripe go on once that is over. An admin may end it (Restores)."
# So long a comparison holds everything: it is one read. Then it holds only calls to Stripe.
COMPARED_WITHIN = timedelta(minutes=5)


class LedgerIsHeld(Busy):
    """The ledger may be older than what Stripe was told, so nothing is sent."""

    code = "ledger_is_held"

    def __init__(self, why: str = "") -> None:
        super().__init__(f"The ledger is held, so nothing was sent. {why}".strip())


def why_held() -> str | None:
    """Return why closings and calls to Stripe wait, as a sentence; None when they do not."""
    return db.session.scalar(
        select(func.coalesce(LedgerMark.held_why, NOTHING_SENT)).where(
            LedgerMark.held_at.is_not(None),
            or_(
                LedgerMark.is_comparing.is_(False),
                LedgerMark.held_at > func.now() - COMPARED_WITHIN,
            ),
        )
    )


def why_comparing() -> str | None:
    """Return why calls to Stripe wait for the mark to be read; None where that is not so."""
    return db.session.scalar(
        select(LedgerMark.held_why).where(
            LedgerMark.held_at.is_not(None), LedgerMark.is_comparing.is_(True)
        )
    )


def is_held() -> bool:
    """Whether closings and calls to Stripe wait."""
    return why_held() is not None


def is_restored() -> bool:
    """Whether the ledger is held as one that is older than it was, and not only compared."""
    return is_held() and why_comparing() is None


def unless_held(due: Sequence[T]) -> Sequence[T]:
    """Return what is due; nothing of it while the ledger is held. Where nothing is, none asks."""
    return due if due and not is_held() else ()


def unless_calls_wait(due: Sequence[T]) -> Sequence[T]:
    """Return what is due that calls Stripe; nothing of it while it is compared, however long."""
    return due if due and not is_held() and why_comparing() is None else ()


def check_not_held() -> None:
    """Raise `Conflict` where something would move money while the ledger may be behind."""
    why = why_held()
    if why is not None:
        until = SOON if why_comparing() else NOTHING_SENT
        raise Conflict(f"{why} {until} Nothing was changed.")
