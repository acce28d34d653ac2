"""From when senders repeat their usage: what the ledger forgot in a restore, only they know."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.extensions import db
from dashboard.restores.models import Restore

# A sender that was away for so many restores asks a person.
MOST = 20


def restores_to_repeat() -> Sequence[Restore]:
    """Return the last restores, the newest first: each wants the usage sent since its moment.

    One that is released stays: what is repeated later counts just as well, on the next bill.
    """
    query = select(Restore).order_by(Restore.noticed_at.desc(), Restore.id.desc())
    return db.session.scalars(query.limit(MOST)).all()
