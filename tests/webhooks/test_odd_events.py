"""What is signed is never answered 500: odd bodies are read, kept as unreadable, or refused."""

import hmac
import json
from typing import Any

import pytest
import stripe
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from dashboard.clock import from_timestamp, utc_now
from dashboard.extensions import db
from dashboard.gateway.signature import TOLERANCE_SECONDS
from dashboard.webhooks.models import WebhookEvent
from jobs.queues import queue_named
from tests.support.events import event, signed
from tests.support.simulator import WEBHOOK_SECRET

ADDRESS = "/webhooks/stripe"
SOMETHING = {"id": "prod_1", "object": "product"}
DEEP = 50_000


def deliver(client: FlaskClient, raw: bytes | str) -> int:
    """Deliver a signed body and return the answer's status."""
    text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    header = stripe.WebhookSignature.generate_signature_header(text, WEBHOOK_SECRET)
    return client.post(ADDRESS, data=raw, headers={"Stripe-Signature": header}).status_code


def only_event() -> WebhookEvent:
    """Return the one event of the inbox."""
    return db.session.query(WebhookEvent).one()


READABLE: dict[str, dict[str, Any]] = {
    "request of an old version": {"request": "req_1"},
    "request that is a list": {"request": ["req_1"]},
    "version that is a number": {"api_version": 20},
    "id of an object as long as a coupon's may be": {
        "data": {"object": SOMETHING | {"id": "c" * 500}}
    },
    "id of an object that is a number": {"data": {"object": SOMETHING | {"id": 7}}},
    "key of a call longer than any": {"request": {"id": None, "idempotency_key": "k" * 300}},
    "NUL in a text": {"data": {"object": SOMETHING | {"name": "a\x00b"}}},
    "NUL in a name": {"data": {"object": SOMETHING | {"a\x00b": 1}}},
    "half of a surrogate pair": {"data": {"object": SOMETHING | {"name": "a\ud800b"}}},
}
UNREADABLE: dict[str, dict[str, Any]] = {
    "no object": {"data": {"object": None}},
    "a list of objects": {"data": {"object": [SOMETHING]}},
    "no data": {"data": None},
    "an instant beyond all calendars": {"created": 10**18},
    "an instant before 1970": {"created": -5},
    "an instant that is a text": {"created": "1700000000"},
    "an instant that is true": {"created": True},
    "an id longer than Stripe's": {"id": "evt_" + "x" * 300},
    "an id that is a number": {"id": 7},
    "an empty id": {"id": ""},
    "a kind that is a list": {"type": ["invoice.paid"]},
    "a kind longer than any": {"type": "x" * 90},
    "a number that is none": {"data": {"object": SOMETHING | {"price": float("nan")}}},
}


@pytest.mark.parametrize("change", READABLE.values(), ids=READABLE)
def test_an_event_with_an_odd_detail_is_read(client: FlaskClient, change: dict[str, Any]) -> None:
    raw, headers = signed(event("product.created", SOMETHING) | change)
    assert client.post(ADDRESS, data=raw, headers=headers).status_code == 200
    stored = only_event()
    assert (stored.state, stored.type, stored.raw) == ("ignored", "product.created", None)


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_is_kept_as_its_text(
    client: FlaskClient, redis: Redis, change: dict[str, Any]
) -> None:
    raw, headers = signed(event("invoice.paid", SOMETHING) | change)
    answers = [client.post(ADDRESS, data=raw, headers=headers).status_code for _ in range(2)]
    stored = only_event()
    assert (answers, stored.state, stored.raw) == ([200, 200], "unreadable", raw.decode())
    assert "could not be read" in str(stored.result)
    assert queue_named("webhooks", redis).count == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "7",
        "not JSON",
        "1" * 5000,
        '{"created": 1e400}',
        "[" * DEEP + "]" * DEEP,
        '{"data": {"object": {"id": ' + "[" * DEEP + "]" * DEEP + "}}}",
        '{"data": {"object": {"id": ' + "[" * 900 + "]" * 900 + "}}}",
        json.dumps({"id": "evt_1", "object": "v2.core.event", "type": "v1.invoice.paid"}),
    ],
    ids=lambda body: body[:24],
)
def test_a_text_that_is_no_event_at_all_is_kept(client: FlaskClient, body: str) -> None:
    assert deliver(client, body) == 200
    assert (only_event().state, only_event().raw) == ("unreadable", body)


def test_an_event_of_a_handled_kind_that_is_too_deep_is_kept(client: FlaskClient) -> None:
    body = json.dumps(event("invoice.paid", {"id": "in_1", "deep": "?"}))
    deep = body.replace('"?"', "[" * 900 + "]" * 900)
    assert deliver(client, deep) == 200
    assert (only_event().state, only_event().raw) == ("unreadable", deep)


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b"{}\x00"], ids=["not UTF-8", "a bare NUL"])
def test_what_is_no_text_is_refused(client: FlaskClient, body: bytes) -> None:
    signature = _sign(body, int(utc_now().timestamp()))
    answer = client.post(ADDRESS, data=body, headers={"Stripe-Signature": signature})
    assert answer.status_code == 400
    assert "Nothing was stored" in answer.get_json()["error"]
    assert db.session.query(WebhookEvent).count() == 0


@pytest.mark.parametrize(
    "header",
    ["", "t=é,v1=é", "t=1,v1=é", "t=²,v1=0", "t=,v1=", "v1=0", "t=1", "=,=,=", "t=" + "9" * 5000],
)
def test_a_header_that_cannot_be_read_is_an_unsigned_delivery(
    client: FlaskClient, header: str
) -> None:
    raw, _ = signed(event("invoice.paid", SOMETHING))
    answer = client.post(ADDRESS, data=raw, headers={"Stripe-Signature": header})
    assert answer.status_code == 400
    assert "signature" in answer.get_json()["error"].lower()


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_delivery_signed_for_another_time_is_refused(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    # The clock stands still: on a busy machine a second passes between signing and reading.
    present = utc_now()
    monkeypatch.setattr("dashboard.gateway.calls.events.utc_now", lambda: present)
    raw, _ = signed(event("invoice.paid", SOMETHING))
    signature = _sign(raw, int(present.timestamp()) + seconds)
    answer = client.post(ADDRESS, data=raw, headers={"Stripe-Signature": signature})
    assert answer.status_code == 400
    assert "clock" in answer.get_json()["error"]


@pytest.mark.parametrize("kind", ["charge.dispute.updated", "customer.updated", "product.created"])
@pytest.mark.parametrize("ahead", [TOLERANCE_SECONDS + 1, 86_400, 14_798_000_000])
def test_an_event_of_the_future_is_kept_unread(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, redis: Redis, kind: str, ahead: int
) -> None:
    """What is told later would look older, and a dispute or card stay as it was for good."""
    present = utc_now()
    monkeypatch.setattr("dashboard.gateway.calls.events.utc_now", lambda: present)
    raw, headers = signed(event(kind, SOMETHING, created=int(present.timestamp()) + ahead))
    assert client.post(ADDRESS, data=raw, headers=headers).status_code == 200
    stored = only_event()
    assert (stored.state, stored.type, stored.raw) == ("unreadable", kind, raw.decode())
    assert "in the future" in str(stored.result)
    assert queue_named("webhooks", redis).count == 0


def test_an_event_as_far_ahead_as_clocks_may_differ_is_read(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = utc_now()
    monkeypatch.setattr("dashboard.gateway.calls.events.utc_now", lambda: present)
    ahead = int(present.timestamp()) + TOLERANCE_SECONDS
    raw, headers = signed(event("product.created", SOMETHING, created=ahead))
    assert client.post(ADDRESS, data=raw, headers=headers).status_code == 200
    assert (only_event().state, only_event().created_at) == ("ignored", from_timestamp(ahead))


def test_either_secret_will_do_while_one_is_rolled(client: FlaskClient) -> None:
    raw, headers = signed(event("invoice.paid", SOMETHING))
    stamp, right = headers["Stripe-Signature"].split(",")
    answer = client.post(
        ADDRESS, data=raw, headers={"Stripe-Signature": f"{stamp},v0=x,v1=abc,{right}"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [({"livemode": True}, "live mode"), ({"account": "acct_other"}, "acct_other")],
)
def test_an_event_of_somebody_else_is_ended_with_a_sentence(
    client: FlaskClient, redis: Redis, change: dict[str, Any], words: str
) -> None:
    raw, headers = signed(event("invoice.paid", SOMETHING) | change)
    assert client.post(ADDRESS, data=raw, headers=headers).status_code == 200
    assert only_event().state == "ignored"
    assert words in str(only_event().result)
    assert queue_named("webhooks", redis).count == 0


LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["evt_1", "invoice.paid", "in_1", "\x00", "\ud800", "req_1"])
)
NAME = st.sampled_from(
    ["id", "type", "created", "data", "object", "request", "livemode", "account"]
)
ANYTHING = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAME | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=20,
)
NEARLY = st.dictionaries(NAME, ANYTHING, max_size=3).map(
    lambda change: event("invoice.paid", SOMETHING) | change
)


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ANYTHING | NEARLY)
def test_signed_json_of_any_shape_is_stored(client: FlaskClient, body: Any) -> None:
    assert deliver(client, json.dumps(body)) == 200


def _sign(raw: bytes, stamp: int) -> str:
    digest = hmac.new(WEBHOOK_SECRET.encode(), f"{stamp}.".encode() + raw, "sha256").hexdigest()
    return f"t={stamp},v1={digest}"
