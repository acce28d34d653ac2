"""What support wrote down."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.extensions import db
from dashboard.organizations.note_models import OrganizationNote
from dashboard.reading.timeline.happening import Happening, Note
from dashboard.reading.timeline.wanted import Window

SOURCE = "notes"
OF = frozenset({"notes"})


def read_notes(window: Window) -> list[Happening]:
    """Return the newest notes of a window."""
    of = OrganizationNote
    query = (
        select(of.id, of.created_at, of.text, of.author_label, of.pinned_at.is_not(None))
        .where(
            of.organization_id == window.wanted.organization_id,
            *window.holds(of.created_at, of.id),
        )
        .order_by(of.created_at.desc(), of.id.desc())
        .limit(window.size)
    )
    return [
        Happening(note.at, window.rank, note.id, SOURCE, SOURCE, note)
        for note in map(Note._make, db.session.execute(query))
    ]
