"""Writing and reading the audit trail."""

from datetime import UTC, datetime

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bound_contextvars

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.listing import AuditFilter, entries
from dashboard.audit.write import write_entry
from dashboard.paging import older_than
from tests.factories import UserFactory, make_organization

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_an_entry_says_who_did_what_to_what_and_why(db: SQLAlchemy) -> None:
    organization = make_organization("acme")
    actor = Actor("user", 7, "sam@example.com")
    with bound_contextvars(request_id="req-1"):
        entry = write_entry(
            "organization.renamed", organization, actor, {"to": "B"}, reason="Merger"
        )
    db.session.flush()
    assert (entry.subject_type, entry.subject_id) == ("organizations", organization.id)
    assert entry.organization_id == organization.id
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("user", 7, "sam@example.com")
    assert (entry.reason, entry.facts, entry.request_id) == ("Merger", {"to": "B"}, "req-1")


def test_a_new_row_is_known_by_its_id(db: SQLAlchemy) -> None:
    user = UserFactory.build()
    db.session.add(user)
    assert write_entry("user.created", user, SYSTEM).subject_id == user.id


def test_without_an_instant_it_bears_that_of_the_transaction(db: SQLAlchemy) -> None:
    entry = write_entry("user.created", UserFactory(), SYSTEM)
    db.session.flush()
    assert entry.at == db.session.scalar(text("select now()"))


@pytest.mark.parametrize(
    "statement", ["update audit_entries set reason = 'x'", "delete from audit_entries"]
)
def test_the_database_keeps_entries_as_they_were(db: SQLAlchemy, statement: str) -> None:
    write_entry("user.created", UserFactory(), SYSTEM)
    db.session.flush()
    with pytest.raises(DBAPIError):
        db.session.execute(text(statement))


def test_the_days_of_a_filter_are_both_included(db: SQLAlchemy) -> None:
    user = UserFactory()
    for day in (9, 10, 11, 12):
        write_entry("user.seen", user, SYSTEM, {"day": day}, now=NOON.replace(day=day))
    wanted = AuditFilter(action="user", first=NOON.date(), last=NOON.replace(day=11).date())
    assert [line.entry.facts["day"] for line in entries(wanted).rows] == [11, 10]


def test_older_entries_follow_the_last_one_shown(db: SQLAlchemy) -> None:
    user = UserFactory()
    for number in range(51):
        write_entry("user.seen", user, SYSTEM, {"number": number}, now=NOON)
    first = entries(AuditFilter(action="user.seen"))
    second = entries(AuditFilter(action="user.seen"), older_than(first.rows[-1].id))
    assert len(first.rows) == 50
    assert [line.entry.facts["number"] for line in second.rows] == [0]
    assert (first.next is None, second.next) == (False, None)
