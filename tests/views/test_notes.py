"""What support writes down: once, for good, and for nobody outside."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dashboard.audit.models import AuditEntry
from dashboard.organizations.models import Organization
from dashboard.organizations.note_models import OrganizationNote
from tests.pages import page, post, text_of

PATH = "/organizations/acme/notes"
TIMELINE = "/organizations/acme/timeline"
SAID = "They asked for a quote.\nSales takes it."


def add(support: FlaskClient, said: str = SAID) -> None:
    """Write a note as its form does."""
    key = page(support.get(f"{PATH}/new")).find(id="key")["value"]
    assert post(support, PATH, text=said, key=key).status_code == 303


def notes(db: SQLAlchemy) -> list[OrganizationNote]:
    """Return all notes as they are now."""
    query = select(OrganizationNote).order_by(OrganizationNote.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def acts(db: SQLAlchemy) -> list[str]:
    """Return what is on record of notes."""
    query = select(AuditEntry.action).where(AuditEntry.action.like("note.%"))
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_a_note_has_its_author_and_is_in_the_timeline_of_staff_alone(
    support: FlaskClient, admin: FlaskClient, customer: FlaskClient, acme: Organization,
    db: SQLAlchemy,
) -> None:  # fmt: skip
    add(support)
    for reader in (support, admin):
        told = text_of(page(reader.get(TIMELINE, query_string={"kind": "notes"})))
        assert "They asked for a quote. Sales takes it." in told
        assert "support@example.com" in told
    for address in (TIMELINE, f"{TIMELINE}?kind=notes", "/organizations/acme"):
        assert "quote" not in text_of(page(customer.get(address)))
    assert acts(db) == ["note.added"]
    # Once, though both the note and the act are kept.
    assert support.get(TIMELINE).text.count("They asked for a quote") == 1


def test_the_same_form_sent_twice_is_one_note(support: FlaskClient, db: SQLAlchemy) -> None:
    key = page(support.get(f"{PATH}/new")).find(id="key")["value"]
    for _ in range(2):
        assert post(support, PATH, text=SAID, key=key).status_code == 303
    assert len(notes(db)) == 1
    assert acts(db) == ["note.added"]


def test_a_key_of_another_organizations_note_adds_nothing(
    support: FlaskClient, db: SQLAlchemy
) -> None:
    key = page(support.get(f"{PATH}/new")).find(id="key")["value"]
    post(support, PATH, text=SAID, key=key)
    assert post(support, "/organizations/other/notes", text=SAID, key=key).status_code == 404
    assert len(notes(db)) == 1


@pytest.mark.parametrize("said", ["", "   ", "x" * 2001])
def test_what_cannot_be_kept_is_said_beside_the_field(support: FlaskClient, said: str) -> None:
    answer = post(support, PATH, text=said, key="a")
    assert page(answer, 422).find(id="text")["aria-invalid"] == "true"


def test_a_pinned_note_stands_above_until_it_is_unpinned(
    support: FlaskClient, customer: FlaskClient, db: SQLAlchemy
) -> None:
    add(support)
    [note] = notes(db)
    for _ in range(2):
        assert post(support, f"{PATH}/{note.id}/pins").status_code == 303
    pinned = page(support.get(TIMELINE)).select_one(".pinned-note")
    assert "Pinned by support@example.com" in text_of(pinned)
    assert not page(customer.get(TIMELINE)).select(".pinned-note")
    for _ in range(2):
        assert post(support, f"{PATH}/{note.id}/pins/delete").status_code == 303
    assert not page(support.get(TIMELINE)).select(".pinned-note")
    assert acts(db) == ["note.added", "note.pinned", "note.unpinned"]
    assert notes(db)[0].text == SAID


def test_another_organizations_note_cannot_be_pinned_here(
    support: FlaskClient, db: SQLAlchemy
) -> None:
    add(support)
    [note] = notes(db)
    assert post(support, f"/organizations/other/notes/{note.id}/pins").status_code == 404
    assert notes(db)[0].pinned_at is None


@pytest.mark.parametrize(
    "change", ["update organization_notes set text = 'x'", "delete from organization_notes"]
)
def test_the_database_refuses_to_change_what_was_noted(
    support: FlaskClient, db: SQLAlchemy, change: str
) -> None:
    add(support)
    with pytest.raises(DBAPIError, match="what was noted stays"):
        db.session.execute(text(change))
    db.session.rollback()


def test_the_newest_stand_beside_the_bill_for_staff(
    support: FlaskClient, customer: FlaskClient
) -> None:
    add(support)
    bill = page(support.get("/organizations/acme"))
    assert bill.select_one("#recent")["hx-get"] == f"{TIMELINE}/recent"
    assert bill.select_one("#recent a")["href"] == TIMELINE
    recent = support.get(f"{TIMELINE}/recent", headers={"HX-Request": "true"})
    assert "They asked for a quote" in recent.text
    assert support.get(f"{TIMELINE}/recent").status_code == 303
    assert page(customer.get("/organizations/acme")).select_one("#recent") is None
