"""The gaps between Stripe and the ledger, as a page reads them; Stripe is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from dashboard.extensions import db
from dashboard.gaps.gap import ROUNDS
from dashboard.gaps.models import GapRound, StripeGap

SHOWN = 50


class Gaps(NamedTuple):
    """The first gaps, how many more there are, and when the oldest last whole look began."""

    found: Sequence[StripeGap]
    more: int
    looked_at: datetime | None


def read_gaps() -> Gaps:
    """Return the gaps that are not gone, the oldest first; three statements."""
    query = select(StripeGap).where(StripeGap.gone_at.is_(None))
    found = db.session.scalars(query.order_by(StripeGap.id).limit(SHOWN)).all()
    number = db.session.scalar(select(func.count()).where(StripeGap.gone_at.is_(None))) or 0
    return Gaps(found, number - len(found), looked_through_at())


def looked_through_at() -> datetime | None:
    """Return when the oldest of the last whole looks began; None until each was whole once."""
    last = select(GapRound.kind, func.max(GapRound.begun_at)).where(GapRound.ended_at.is_not(None))
    begun = {kind: at for kind, at in db.session.execute(last.group_by(GapRound.kind))}  # noqa: C416
    return min(begun.values()) if len(begun) == len(ROUNDS) else None
