"""Endpoints of outgoing events through the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standardwebhooks.webhooks import Webhook

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.outgoing.models import EventEndpoint
from dashboard.outgoing.queue import take
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.factories import make_organization
from tests.support.outgoing import loopback, send
from tests.support.receivers import receiver

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")
PATH = "/event-endpoints"
SOMEWHERE = "https://receiver.example/events"


def test_an_endpoint_lives_by_api_alone(caller: Caller) -> None:
    with receiver() as one:
        made = caller.post(PATH, {"url": one.url, "label": "accounting"})
        assert made.status_code == 201
        own = f"{PATH}/{made.json['id']}"
        sent = caller.post(f"{own}/tests").json
        assert (sent["type"], sent["state"]) == ("endpoint.test", "waits")
        send(utc_now())
        [listed] = caller.get(f"{own}/deliveries").json["deliveries"]
        assert (listed["state"], listed["status"]) == ("delivered", 204)
        again = caller.post(f"{own}/deliveries/{listed['id']}/resends").json
        assert (again["event"], again["is_again"]) == (listed["event"], True)
        send(utc_now())
    assert one.names == [listed["event"]] * 2
    verified = Webhook(made.json["secret"]).verify(one.requests[0].body, one.requests[0].headers)
    assert verified["type"] == "endpoint.test"
    rolled = caller.post(f"{own}/secrets", {"overlap_hours": 1})
    assert rolled.status_code == 201
    assert rolled.json["secret"] != made.json["secret"]
    assert caller.post(f"{own}/pauses").json["state"] == "paused"
    assert caller.post(f"{own}/resumptions").json == {"events": 0}
    changed = {"url": SOMEWHERE, "label": "books", "kinds": ["invoice.paid"]}
    assert caller.post(f"{own}/changes", changed).json["kinds"] == ["invoice.paid"]
    assert "secret" not in caller.get(own).json
    assert caller.post(f"{own}/replays", {"since": "2026-01-01T00:00:00Z"}).json == {"events": 0}
    assert caller.post(f"{own}/removals").status_code == 200
    assert caller.get(own).status_code == 404
    assert caller.get(PATH).json == {"endpoints": []}


def test_what_is_being_sent_is_not_told_as_failed(caller: Caller) -> None:
    made = caller.post(PATH, {"url": SOMEWHERE, "label": "accounting"}).json
    own = f"{PATH}/{made['id']}"
    caller.post(f"{own}/tests")
    with transaction():
        take(db.session.get_one(EventEndpoint, made["id"]), now=utc_now())
    [listed] = caller.get(f"{own}/deliveries").json["deliveries"]
    assert (listed["state"], listed["problem"]) == ("waits", "It is being sent.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://10.0.0.1/", "label": "a"}, "url"),
        ({"url": "nowhere", "label": "a"}, "url"),
        ({"url": SOMEWHERE, "label": "a" * 101}, "label"),
        ({"url": SOMEWHERE, "label": "a", "kinds": ["invoice.lost"]}, "kinds"),
        ({"url": SOMEWHERE, "label": "a", "kinds": []}, "kinds"),
        ({"url": SOMEWHERE, "label": "a", "kinds": ["endpoint.test"]}, "kinds"),
    ],
)
def test_what_is_wrong_is_told_by_field(caller: Caller, body: object, field: str) -> None:
    answer = caller.post(PATH, body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert caller.get(PATH).json == {"endpoints": []}


def test_a_name_is_as_long_as_it_can_be_kept_and_no_longer(caller: Caller) -> None:
    made = caller.post(PATH, {"url": SOMEWHERE, "label": "a" * 100})
    assert made.status_code == 201
    too_long = {"url": SOMEWHERE, "label": "b" * 101}
    changed = caller.post(f"{PATH}/{made.json['id']}/changes", too_long)
    assert changed.status_code == 422
    assert [one["field"] for one in changed.json["errors"]] == ["label"]


def test_a_second_registration_of_an_address_is_refused(caller: Caller) -> None:
    wanted = {"url": SOMEWHERE, "label": "accounting"}
    assert caller.post(PATH, wanted).status_code == 201
    assert caller.post(PATH, wanted).status_code == 409


def test_a_token_of_one_organization_learns_nothing_of_them(
    caller_with: Callable[..., Caller],
) -> None:
    own = make_organization()
    db.session.commit()
    one = caller_with("events:read", "events:write", organization_id=own.id)
    assert one.get(PATH).status_code == 403
    assert one.post(PATH, {"url": SOMEWHERE, "label": "a"}).status_code == 403
    assert one.get(f"{PATH}/1").status_code == 403


def test_reading_is_a_scope_of_its_own(caller_with: Callable[..., Caller]) -> None:
    reads = caller_with("events:read")
    assert reads.get(PATH).status_code == 200
    assert reads.post(PATH, {"url": SOMEWHERE, "label": "a"}).status_code == 403
