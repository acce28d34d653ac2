"""What support writes down about an organization: added, pinned and unpinned, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.organizations.lookup import own_row
from dashboard.organizations.models import Organization
from dashboard.organizations.note_models import OrganizationNote

# Whoever pins everything has pinned nothing; older ones stay in the timeline.
MOST_PINNED = 5


def add_note(
    organization: Organization, text: str, *, key: str, actor: Actor, now: datetime
) -> OrganizationNote:
    """Return the note; the same key again is the note that is there already."""
    values = {
        "organization_id": organization.id,
        "text": text,
        "key": key,
        "author_id": actor.id,
        "author_label": actor.label,
        "created_at": now,
    }
    added = insert(OrganizationNote).values(values).on_conflict_do_nothing(index_elements=["key"])
    is_new = db.session.scalar(added.returning(OrganizationNote.id)) is not None
    query = select(OrganizationNote).where(
        OrganizationNote.key == key, OrganizationNote.organization_id == organization.id
    )
    note = db.session.scalar(query)
    if note is None:
        raise NotFound("That note is another organization's. Nothing was added. Write it again.")
    if is_new:
        write_entry("note.added", note, actor, now=now)
    return note


def note_of(organization: Organization, note_id: int) -> OrganizationNote:
    """Return the organization's note; raises `NotFound`."""
    missing = f"{organization.name} has no note {note_id}. Nothing was changed."
    return own_row(OrganizationNote, organization, note_id, missing)


def pin(note: OrganizationNote, *, actor: Actor, now: datetime) -> None:
    """Show the note above everything else; one that is pinned already stays as it is."""
    if _set(note, at=now, by=actor.label):
        write_entry("note.pinned", note, actor, now=now)


def unpin(note: OrganizationNote, *, actor: Actor, now: datetime) -> None:
    """Let the note go back among the others."""
    if _set(note, at=None, by=None):
        write_entry("note.unpinned", note, actor, now=now)


def pinned_notes(organization_id: int) -> Sequence[OrganizationNote]:
    """Return the notes that are pinned, the newest pin first."""
    query = select(OrganizationNote).where(
        OrganizationNote.organization_id == organization_id,
        OrganizationNote.pinned_at.is_not(None),
    )
    newest = query.order_by(OrganizationNote.pinned_at.desc(), OrganizationNote.id.desc())
    return db.session.scalars(newest.limit(MOST_PINNED)).all()


def _set(note: OrganizationNote, *, at: datetime | None, by: str | None) -> bool:
    """Whether it was otherwise before: of two clicks one is on record."""
    is_pinned = OrganizationNote.pinned_at.is_not(None)
    changed = (
        update(OrganizationNote)
        .where(OrganizationNote.id == note.id, ~is_pinned if at else is_pinned)
        .values(pinned_at=at, pinned_by=by)
        .returning(OrganizationNote.id)
    )
    is_changed = db.session.scalar(changed) is not None
    db.session.refresh(note)
    return is_changed
