"""People take what needs a person, put it off, and note something: each on record."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.errors import NotFound, Stale
from dashboard.extensions import db as database
from dashboard.needs.act import give_back, need_of, note, snooze, take
from dashboard.needs.found import Found
from dashboard.needs.models import Need
from dashboard.transaction import transaction
from tests.factories import UserFactory
from tests.support.needs import look_now

NOW = utc_now()
WORKERS = {"late": [Found("workers", None, {"why": "No worker is running."})]}


@pytest.fixture
def need(db: SQLAlchemy, redis: object) -> Need:
    """Something that needs a person."""
    [need] = look_now(now=NOW, told=WORKERS)
    return need


def agent(name: str) -> Actor:
    """Return a support agent of that name."""
    user = UserFactory(role="support", email=f"{name}@example.com", name=name)
    return Actor("user", user.id, user.email)


def test_it_is_taken_once_and_taken_over_only_from_who_was_seen(need: Need) -> None:
    sam, rita, ada = agent("sam"), agent("rita"), agent("ada")
    take(need, seen=None, actor=sam, now=NOW)
    with pytest.raises(Stale, match="Nothing was changed"):
        take(need, seen=None, actor=rita, now=NOW)
    take(need, seen=sam.id, actor=rita, now=NOW)
    with pytest.raises(Stale):
        take(need, seen=sam.id, actor=ada, now=NOW)
    assert need.owner_id == rita.id


def test_only_who_has_it_gives_it_back(need: Need) -> None:
    sam, rita = agent("sam"), agent("rita")
    take(need, seen=None, actor=sam, now=NOW)
    with pytest.raises(Stale):
        give_back(need, actor=rita, now=NOW)
    give_back(need, actor=sam, now=NOW)
    assert need.owner_id is None


def test_all_of_it_is_on_record(need: Need) -> None:
    sam = agent("sam")
    take(need, seen=None, actor=sam, now=NOW)
    snooze(need, NOW + timedelta(hours=4), actor=sam, now=NOW)
    snooze(need, None, actor=sam, now=NOW)
    note(need, " Called the bank. ", actor=sam, now=NOW)
    note(need, "Called the bank.", actor=sam, now=NOW)
    note(need, "", actor=sam, now=NOW)
    give_back(need, actor=sam, now=NOW)
    entries = database.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [one.action for one in entries] == [
        "need.taken", "need.snoozed", "need.woken", "need.noted", "need.noted", "need.given_back",
    ]  # fmt: skip
    assert entries[4].facts["before"] == "Called the bank."


def test_nothing_is_done_with_what_is_settled(need: Need) -> None:
    look_now(now=NOW, told={"late": []})
    with pytest.raises(Stale, match="already settled"):
        take(need, seen=None, actor=agent("sam"), now=NOW)
    with pytest.raises(Stale, match="already settled"):
        note(need, "Late", actor=agent("rita"), now=NOW)


def test_what_was_never_there_is_not_found(db: SQLAlchemy) -> None:
    with pytest.raises(NotFound), transaction():
        need_of(77)
