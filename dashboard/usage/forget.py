"""Keys of usage that is too old to be sent again: removed page by page, without an index for it.

A key is needed as long as usage of its age is accepted. What was removed is noted first, and usage
from before that is refused from then on, whatever the settings become: nobody could tell any more
whether it was counted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text, update

from dashboard.extensions import db
from dashboard.installation import Installation, this_installation

SIZE = text("select pg_relation_size('usage_keys') / current_setting('block_size')::bigint")
# The table's own pages in turn: an index of instants would cost every record that is accepted.
FORGET = text("""
    delete from usage_keys
    where ctid >= cast('(' || :first || ',0)' as tid)
      and ctid < cast('(' || :last || ',0)' as tid) and recorded_at < :before
""")


def forget_keys(first: int, *, before: datetime, most: int) -> int | None:
    """Remove the keys from before then of the next `most` pages from `first` on.

    Return the page to go on from; None after the last. The caller commits each time.
    """
    note_forgotten(before)
    pages = db.session.scalar(SIZE) or 0
    last = min(first + most, pages)
    asked = {"first": str(first), "last": str(last), "before": before}
    db.session.execute(FORGET, asked)
    return last if last < pages else None


def note_forgotten(before: datetime) -> None:
    """Note that keys from before then are gone; the mark never moves back."""
    this_installation()
    mark = Installation.keys_forgotten_until
    moves = mark.is_(None) | (mark < before)
    db.session.execute(update(Installation).where(moves).values({mark: before}))
