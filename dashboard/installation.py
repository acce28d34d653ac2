"""This installation: what tells its objects at Stripe from those of others on the same account.

The database makes the identity, once, so a new database is a new installation: drafts that an
earlier one left on a test account are strangers to it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, String, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model, db


class Installation(Model):
    """The one row about this database."""

    __tablename__ = "installations"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    # Stripe's metadata carries it; it never changes.
    identity: Mapped[str] = mapped_column(
        String(36), server_default=text("gen_random_uuid()::text")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Up to here a back-fill has listed Stripe's events to the end: none is missing.
    events_read_until: Mapped[datetime | None]
    # Usage from before then has no keys any more, so it is refused: nobody can tell if it counted.
    keys_forgotten_until: Mapped[datetime | None]
    # Of lines from before then, only what they came to is known.
    history_since: Mapped[datetime] = mapped_column(server_default=func.now())


def this_installation() -> Installation:
    """Return the row; a migration made it, and where it is gone it is made anew."""
    found = db.session.get(Installation, 1)
    if found is None:
        db.session.execute(insert(Installation).values(id=1).on_conflict_do_nothing())
        found = db.session.get_one(Installation, 1)
    return found
