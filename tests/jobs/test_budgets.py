"""The clock compares bills with budgets, and what is told is told once whatever dies meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select

from dashboard.budgets.look import note_used
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from dashboard.transaction import rollback, transaction
from jobs import budgets
from jobs.budgets import watch_budgets, watch_due_budgets, watch_usage
from jobs.mails import send_mails
from jobs.queues import queue_named
from tests.budgets.support import budget, charge, mailed, member, told
from tests.factories import make_organization
from tests.support.mail import Kept, link_in, text_of

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Mails are on, and kept."""
    kept = Kept()
    monkeypatch.setitem(app.extensions, "mail", kept)
    monkeypatch.setattr(app.extensions["config"], "mail_from", "billing@acme.com")
    return kept


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization at 83% of its budget, with a member."""
    now = utc_now()
    with transaction():
        made = make_organization(
            "acme", name="Acme <Freight>", anchor=now - timedelta(days=1), now=now
        )
    member(made)
    budget(made, 320_000)
    charge(made, 265_600)
    return made


def test_nothing_is_queued_where_nobody_has_a_budget(redis: Redis) -> None:
    watch_due_budgets()
    assert queue_named("maintenance", redis).count == 0


def test_the_clock_hands_it_out_once(acme: Organization, redis: Redis) -> None:
    watch_due_budgets()
    watch_due_budgets()
    assert queue_named("maintenance", redis).count == 1


def test_a_mail_says_what_is_used_and_that_nothing_stops(acme: Organization, post: Kept) -> None:
    watch_budgets()
    send_mails()
    [message] = post.messages
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Acme <Freight> has used 75% of its budget"
    text = " ".join(text_of(message).split())
    assert "75% of its budget of $3,200.00" in text
    assert "$2,656.00 so far, before tax" in text
    assert "A budget never stops usage" in text
    assert link_in(message) == "http://localhost:8000/organizations/acme/budget"
    html = message.get_body(("html",))
    assert html is not None
    assert "Acme &lt;Freight&gt;" in html.get_content()


def test_who_left_or_changed_their_mind_before_it_was_sent_gets_none(
    acme: Organization, post: Kept, db: SQLAlchemy
) -> None:
    watch_budgets()
    with transaction():
        db.session.execute(Organization.metadata.tables["memberships"].delete())
    send_mails()
    assert post.messages == []
    assert db.session.scalars(select(Mail.given_up_at)).one() is not None


def test_without_mail_it_is_told_on_the_page(acme: Organization) -> None:
    watch_budgets()
    assert [percent for _, percent, _ in told(acme)] == [50, 75]
    assert mailed() == []


def test_what_one_organization_fails_with_is_its_own(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        other = make_organization("other")
    budget(other, 100)
    charge(other, 60)
    once = budgets.note_forecasts

    def fails(ids, **kwargs):
        if acme.id in ids:
            raise RuntimeError("It cannot be foretold")
        return once(ids, **kwargs)

    monkeypatch.setattr(budgets, "note_forecasts", fails)
    watch_budgets()
    assert (told(acme), [percent for _, percent, _ in told(other)]) == ([], [50])
    monkeypatch.undo()
    watch_budgets()
    assert [percent for _, percent, _ in told(acme)] == [50, 75]


def test_two_processes_at_once_tell_it_once(acme: Organization, app: Flask, post: Kept) -> None:
    ids = [acme.id]

    def other() -> int:
        with app.app_context(), transaction():
            return note_used(ids, now=utc_now(), is_mailed=True)

    with ThreadPoolExecutor(1) as pool:
        assert note_used(ids, now=utc_now(), is_mailed=True) == 2
        waiting = pool.submit(other)
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        database.session.commit()
        assert waiting.result(10) == 0
    assert mailed() == [("ada@example.com", 75)]


def test_what_was_not_committed_is_found_again(acme: Organization, post: Kept) -> None:
    note_used([acme.id], now=utc_now(), is_mailed=True)
    rollback()
    assert (told(acme), mailed()) == ([], [])
    watch_budgets()
    watch_budgets()
    assert mailed() == [("ada@example.com", 75)]


def test_the_walk_over_usage_comes_to_its_end(acme: Organization, redis: Redis) -> None:
    watch_usage()
    assert redis.hgetall("forgetting") == {}
