"""Endpoints of outgoing events, as admins keep them and support looks after them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.outgoing.again import send_test
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.queue import switch_off, take
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.pages import page, post, text_of
from tests.support.needs import look_now
from tests.support.outgoing import deliveries, listens, loopback, send
from tests.support.receivers import answers, receiver

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("loopback")
ADDRESS = "/event-endpoints"
SOMEWHERE = "https://receiver.example/events"


def made() -> EventEndpoint:
    """Return the one endpoint that there is."""
    db.session.expire_all()
    return db.session.scalars(select(EventEndpoint)).one()


def test_the_secret_is_shown_once_and_signs(admin: FlaskClient) -> None:
    with receiver() as one:
        answer = post(admin, ADDRESS, label="accounting", url=one.url)
        secret = page(answer, 201).select_one(".notice code").get_text(strip=True)
        assert secret.startswith("whsec_")
        assert post(admin, f"{ADDRESS}/{made().id}/tests").status_code == 303
        send(utc_now())
    [request] = one.requests
    assert Webhook(secret).verify(request.body, request.headers)["type"] == "endpoint.test"
    for address in (ADDRESS, f"{ADDRESS}/{made().id}", f"{ADDRESS}/{made().id}/edit"):
        assert secret not in admin.get(address).text


def test_the_database_alone_does_not_tell_the_secret(admin: FlaskClient) -> None:
    answer = post(admin, ADDRESS, label="accounting", url=SOMEWHERE)
    secret = page(answer, 201).select_one(".notice code").get_text(strip=True)
    assert made().secret is not None
    assert secret not in str(made().secret)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://10.0.0.1/", "which is private"),
        ("https://u:p@receiver.example/", "no user, password or fragment"),
    ],
)
def test_a_wrong_address_keeps_the_form_and_makes_nothing(
    admin: FlaskClient, url: str, why: str
) -> None:
    soup = page(post(admin, ADDRESS, label="accounting", url=url), 422)
    assert why in text_of(soup.find(id="url-error"))
    assert db.session.scalar(select(EventEndpoint)) is None


def test_the_same_address_twice_is_refused(admin: FlaskClient) -> None:
    post(admin, ADDRESS, label="accounting", url=SOMEWHERE)
    words = text_of(page(post(admin, ADDRESS, label="other", url=SOMEWHERE), 409))
    assert "registered as accounting already" in words


def test_it_is_changed_narrowed_paused_resumed_and_removed(admin: FlaskClient) -> None:
    post(admin, ADDRESS, label="accounting", url=SOMEWHERE)
    own = f"{ADDRESS}/{made().id}"
    post(admin, f"{own}/changes", label="books", url=f"{SOMEWHERE}/2", kinds=["invoice.paid"])
    assert (made().label, made().kinds) == ("books", ["invoice.paid"])
    assert "invoice.paid" in text_of(page(admin.get(ADDRESS)).find("tbody"))
    post(admin, f"{own}/pauses")
    assert made().state == "paused"
    post(admin, f"{own}/resumptions")
    assert made().state == "on"
    assert "cannot be undone" in text_of(page(admin.get(f"{own}/removals/new")))
    post(admin, f"{own}/removals")
    assert made().state == "removed"
    assert "No endpoints yet" in text_of(page(admin.get(ADDRESS)))
    assert admin.get(own).status_code == 404


def test_a_secret_is_rolled_with_an_overlap_and_not_twice(admin: FlaskClient) -> None:
    post(admin, ADDRESS, label="accounting", url=SOMEWHERE)
    own = f"{ADDRESS}/{made().id}"
    assert "at once" in text_of(page(admin.get(f"{own}/secrets/new")))
    assert page(post(admin, f"{own}/secrets", hours="200"), 422).find(id="hours-error")
    shown = text_of(page(post(admin, f"{own}/secrets", hours="24"), 201))
    assert "The old secret signs beside it until" in shown
    assert "Signs too until" in text_of(page(admin.get(own)))
    assert "sign already" in text_of(page(post(admin, f"{own}/secrets", hours="1"), 409))


def test_support_sees_why_nothing_arrives_and_sends_again(support: FlaskClient) -> None:
    with receiver(answers(500, b"<b>no</b>")) as one:
        endpoint, _ = listens(one, now=utc_now())
        own = f"{ADDRESS}/{endpoint.id}"
        with transaction():
            send_test(endpoint, now=utc_now(), actor=SUPPORT)
        send(utc_now())
        row = page(support.get(own)).find("tbody")
        assert "It answered 500." in text_of(row)
        assert "Trying again" in text_of(row)
        detail = page(support.get(row.find("a")["href"]))
        assert "<b>no</b>" in text_of(detail)
        assert "endpoint.test" in detail.find("pre").get_text()
        one.behaves = answers(200)
        [delivery] = deliveries()
        post(support, f"{own}/deliveries/{delivery.id}/resends")
        send(utc_now() + timedelta(minutes=1))
        post(support, f"{own}/deliveries/{delivery.id}/resends")
        send(utc_now() + timedelta(minutes=1))
    assert [one.state for one in deliveries()] == ["delivered", "delivered"]
    assert len(set(one.names)) == 1
    assert "sent again" in text_of(page(support.get(own)).find("tbody"))
    assert text_of(page(support.get(f"{own}?state=given_up"))).count("No match") == 1


def test_what_is_being_sent_is_said_to_be_so(support: FlaskClient) -> None:
    now = utc_now()
    endpoint, _ = listens(SOMEWHERE, now=now)
    with transaction():
        delivery = send_test(endpoint, now=now, actor=SUPPORT)
        take(endpoint, now=now)
    own = f"{ADDRESS}/{endpoint.id}"
    row, detail = page(support.get(own)).find("tbody"), f"{own}/deliveries/{delivery.id}"
    assert "It is being sent" in text_of(row)
    words = text_of(page(support.get(detail)))
    assert "It is being sent" in words
    assert "did not count" not in words
    with time_machine.travel(now + timedelta(minutes=2)):
        assert "Its worker ended while sending it." in support.get(detail).text


def test_support_may_not_register_or_roll(support: FlaskClient) -> None:
    endpoint, _ = listens(SOMEWHERE, now=utc_now())
    assert post(support, ADDRESS, label="a", url=SOMEWHERE).status_code == 403
    assert post(support, f"{ADDRESS}/{endpoint.id}/secrets", hours="1").status_code == 403
    assert "New endpoint" not in support.get(ADDRESS).text


def test_who_signed_in_long_ago_confirms_first(admin: FlaskClient) -> None:
    with time_machine.travel(utc_now() + timedelta(hours=1)):
        answer = post(admin, ADDRESS, label="accounting", url=SOMEWHERE)
    assert answer.status_code == 403
    assert "Confirm it is you" in text_of(page(answer, 403))
    assert db.session.scalar(select(EventEndpoint)) is None


def test_one_that_is_off_needs_a_person_and_is_switched_on_with_what_it_missed(
    admin: FlaskClient,
) -> None:
    endpoint, _ = listens(SOMEWHERE, now=utc_now())
    with transaction():
        switch_off(endpoint, "Nothing has arrived for 5 days.", now=utc_now())
    [need] = look_now()
    assert (need.kind, need.facts["label"]) == ("endpoint_off", "A receiver")
    db.session.commit()
    needs = page(admin.get("/needs"))
    assert "No events are sent to A receiver. Nothing has arrived for 5 days." in text_of(needs)
    own = f"{ADDRESS}/{endpoint.id}"
    assert needs.find("a", href=own)
    assert "This endpoint is off" in text_of(page(admin.get(own)))
    assert post(admin, f"{own}/tests").status_code == 409
    post(admin, f"{own}/resumptions", makes_up="y")
    assert made().state == "on"
    assert look_now() == []


def test_a_replay_asks_since_when(admin: FlaskClient) -> None:
    endpoint, _ = listens(SOMEWHERE, now=utc_now())
    own = f"{ADDRESS}/{endpoint.id}"
    assert "Events from then on" in text_of(page(admin.get(f"{own}/replays/new")))
    assert page(post(admin, f"{own}/replays", since="soon"), 422).find(id="since-error")
    answer = admin.get(post(admin, f"{own}/replays", since="2026-01-01T00:00").location)
    assert "Events to be sent: 0." in text_of(page(answer))
    assert db.session.scalar(select(EventDelivery)) is None
