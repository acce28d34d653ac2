"""The inbox, as support sees it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.event_records import Unreadable
from dashboard.restores.mark_row import this_mark
from dashboard.restores.notice import notice
from dashboard.transaction import transaction
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import STATES, WebhookEvent
from jobs.bulk import carry_on_act
from jobs.queues import queue_named
from tests.pages import page, post, text_of

ADDRESS = "/webhook-events"


@pytest.fixture
def event(db: SQLAlchemy) -> WebhookEvent:
    """An event that was given up."""
    with transaction():
        dead = WebhookEvent(
            stripe_event_id="evt_dead",
            type="invoice.paid",
            object_id="in_1",
            payload={"id": "evt_dead", "note": "<script>alert(1)</script>"},
            created_at=utc_now() - timedelta(seconds=3),
            received_at=utc_now(),
            state="dead",
            attempts=8,
            error="Stripe did not answer.",
        )
        db.session.add(dead)
    return dead


@pytest.fixture
def unreadable(db: SQLAlchemy) -> WebhookEvent:
    """Something signed that is no event."""
    body = '{"id": "evt_thin", "object": "v2.core.event", "note": "<script>alert(1)</script>"}'
    with transaction():
        store(
            [Unreadable("evt_thin", None, body, "It has no object.")],
            source="webhook",
            now=utc_now(),
        )
    return db.session.scalars(select(WebhookEvent)).one()


def test_an_empty_inbox_says_so(support: FlaskClient) -> None:
    assert "No events yet" in text_of(page(support.get(ADDRESS)))


def test_events_are_filtered_by_state_type_and_id(
    support: FlaskClient, event: WebhookEvent
) -> None:
    for query in ("", "?state=dead", "?q=invoice.", "?q=evt_dead", "?q=in_1"):
        assert "invoice.paid" in text_of(page(support.get(ADDRESS + query))), query
    for query in ("?state=processed", "?q=evt_other", "?q=customer"):
        assert "No match for" in text_of(page(support.get(ADDRESS + query))), query


def test_each_state_has_its_tab(support: FlaskClient) -> None:
    tabs = text_of(page(support.get(ADDRESS)).select_one("ul.tabs"))
    assert all(state.capitalize() in tabs for state in STATES)


def test_an_event_shows_its_error_and_payload_as_text(
    support: FlaskClient, event: WebhookEvent
) -> None:
    answer = support.get(f"{ADDRESS}/{event.id}")
    assert "Stripe did not answer." in text_of(page(answer))
    assert "<script>alert" not in answer.text


def test_a_replay_is_queued_and_on_record(
    support: FlaskClient, event: WebhookEvent, redis: Redis
) -> None:
    answer = post(support, f"{ADDRESS}/{event.id}/replays")
    assert answer.location == f"{ADDRESS}/{event.id}"
    assert queue_named("interactive", redis).count == 1
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.action == "event.replayed"


def test_a_replay_while_the_ledger_is_held_is_refused_and_not_lost(
    support: FlaskClient, event: WebhookEvent, redis: Redis
) -> None:
    now = utc_now()
    with transaction():
        this_mark()
        notice("asked", "It was restored.", since=now, now=now)
    assert post(support, f"{ADDRESS}/{event.id}/replays").status_code == 409
    assert queue_named("interactive", redis).count == 0


def test_the_search_box_jumps_to_an_event(support: FlaskClient, event: WebhookEvent) -> None:
    assert support.get("/organizations?q=evt_dead").location == f"{ADDRESS}/{event.id}"


def test_a_preview_says_what_a_replay_would_do_and_does_nothing(
    support: FlaskClient, event: WebhookEvent, redis: Redis
) -> None:
    words = text_of(page(support.get(f"{ADDRESS}/{event.id}/replays/new")))
    assert "What a replay would do now" in words
    assert "This preview changed nothing" in words
    db.session.refresh(event)
    assert (event.state, queue_named("interactive", redis).count) == ("dead", 0)


def test_what_could_not_be_read_is_shown_as_it_came(
    support: FlaskClient, unreadable: WebhookEvent
) -> None:
    assert "It has no object." in text_of(page(support.get(f"{ADDRESS}?state=unreadable")))
    answer = support.get(f"{ADDRESS}/{unreadable.id}")
    words = text_of(page(answer))
    assert "This could not be read" in words
    assert '"object": "v2.core.event"' in words
    assert "Replay" not in words
    assert "<script>alert" not in answer.text


def test_what_could_not_be_read_is_not_replayed(
    support: FlaskClient, unreadable: WebhookEvent, redis: Redis
) -> None:
    answer = post(support, f"{ADDRESS}/{unreadable.id}/replays")
    assert "nothing to replay" in text_of(page(answer, 409))
    assert queue_named("interactive", redis).count == 0


def test_a_page_of_an_event_that_is_gone_says_that_they_are_not_kept_for_ever(
    support: FlaskClient,
) -> None:
    assert "or it was deleted" in text_of(page(support.get("/webhook-events/77"), 404))


def test_those_that_failed_with_one_error_are_replayed_together(
    support: FlaskClient, event: WebhookEvent, redis: Redis
) -> None:
    with transaction():
        again = WebhookEvent(
            stripe_event_id="evt_dead_too",
            type="invoice.voided",
            payload={},
            created_at=utc_now(),
            received_at=utc_now(),
            state="dead",
            error=event.error,
        )
        db.session.add(again)
    dead = page(support.get(f"{ADDRESS}?state=dead"))
    link = next(one for one in dead.select("a.btn") if one.get_text() == "Replay all")
    asked = page(support.get(link["href"]))
    words = text_of(asked)
    assert "Replay 2 failed events?" in words
    assert "Stripe did not answer." in words
    names = ("query", "confirmed")
    sent = {name: asked.select_one(f"input[name={name}]")["value"] for name in names}
    answer = post(support, "/bulk-actions", **sent | {"reason": "Stripe answers again"})
    assert "Replay 2 failed events" in text_of(page(support.get(answer.location)))
    carry_on_act(int(answer.location.rpartition("/")[2]))
    db.session.expire_all()
    assert {event.state, again.state} == {"received"}
    assert queue_named("webhooks", redis).count == 1
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.facts["number"]) == ("bulk_action.begun", 2)


def test_nothing_is_replayed_by_an_error_that_is_gone(
    support: FlaskClient, event: WebhookEvent, redis: Redis
) -> None:
    with transaction():
        event.state = "processed"
    answer = support.get(f"/bulk-actions/new?verb=replay&like={event.id}")
    assert "no error to match" in text_of(page(answer, 409))
    assert queue_named("webhooks", redis).count == 0
