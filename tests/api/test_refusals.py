"""What the API refuses, and how it says so."""

import pytest
from sqlalchemy import func, select

from dashboard.accounts.permissions import SCOPES
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.usage.models import UsageKey
from tests.factories import MeteredPriceFactory, make_organization, make_service


@pytest.fixture
def acme(db):
    with transaction():
        now = utc_now()
        organization = make_organization(anchor=now, now=now)
        make_service(organization, MeteredPriceFactory(code="requests"), now=now)
    return organization


def record(named="a", **more):
    return {
        "organization": "acme", "meter": "requests", "key": named, "quantity": "1",
        "recorded_at": utc_now().isoformat(),
    } | more  # fmt: skip


def test_nobody_comes_in_without_a_token(client, db):
    answer = client.get("/api/v1/prices")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["code"] == "unauthenticated"
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_a_token_does_only_what_its_scopes_allow(caller_with, acme):
    reader = caller_with("prices:read")
    assert reader.get("/prices").status_code == 200
    refused = reader.post("/usage", {"records": [record()]})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_token_of_one_organization_sees_no_other(caller_with, acme, db):
    with transaction():
        other = make_organization("other", anchor=utc_now(), now=utc_now())
    other_id = other.id
    caller = caller_with(*SCOPES, organization_id=other_id)
    assert caller.get("/organizations/other").status_code == 200
    assert caller.get("/organizations/acme").status_code == 404
    assert [one["slug"] for one in caller.get("/organizations").json["organizations"]] == ["other"]
    refused = caller.post("/usage", {"records": [record()]})
    assert refused.json["errors"][0]["code"] == "unknown_organization"
    assert caller.post("/prices", {}).status_code == 422
    new = {"slug": "third", "name": "Third", "email": "a@third.com", "currency": "usd"}
    assert caller.post("/organizations", new).status_code == 403


def test_every_wrong_record_is_named_and_nothing_of_the_batch_is_kept(caller, acme, db):
    records = [
        record("good"),
        record("far", recorded_at="2020-01-01T00:00:00Z"),
        record("who", organization="nobody"),
        record("what", meter="steam"),
        record("twice", quantity="1"),
        record("twice", quantity="2"),
    ]
    refused = caller.post("/usage", {"records": records})
    assert (refused.status_code, refused.json["code"]) == (422, "batch_refused")
    assert [(one["index"], one["field"], one["code"]) for one in refused.json["errors"]] == [
        (1, "recorded_at", "too_old"),
        (2, "organization", "unknown_organization"),
        (3, "meter", "unknown_meter"),
        (5, "key", "key_reused"),
    ]
    assert db.session.scalar(select(func.count()).select_from(UsageKey)) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 1}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "0.0000000000001"}, "quantity"),
        ({"quantity": "1e400"}, "quantity"),
        ({"recorded_at": "2026-04-01T00:00:00"}, "recorded_at"),
        ({"recorded_at": 1775000000}, "recorded_at"),
        ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "recorded_at"),
        ({"recorded_at": "9999-12-31T23:59:59-14:00"}, "recorded_at"),
        ({"key": ""}, "key"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_record_that_is_not_as_documented_is_named_by_index_and_field(caller, acme, wrong, field):
    refused = caller.post("/usage", {"records": [record("a"), record("b", **wrong)]})
    assert refused.status_code == 422
    assert [(one["index"], one["field"]) for one in refused.json["errors"]] == [(1, field)]


CHARGE = {"amount_cents": 500, "description": "Help", "reason": "Call", "key": "k"}


@pytest.mark.parametrize("character", ["\x00", "\n", "\x85", "\u202e", "\u2066"])
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/usage", {"records": [record()]}, "key"),
        ("/usage", {"records": [record()]}, "meter"),
        ("/usage", {"records": [record()]}, "service"),
        ("/organizations/acme/adjustments", CHARGE, "description"),
        ("/organizations/acme/adjustments", CHARGE, "key"),
        ("/organizations/acme/services", {"price": "requests"}, "label"),
        ("/organizations/acme/services", {"price": "requests"}, "external_id"),
        ("/organizations", {"slug": "b", "email": "b@example.com", "currency": "usd"}, "name"),
    ],
)
def test_characters_that_do_not_show_are_refused(caller, acme, path, body, field, character):
    sent = body["records"][0] if "records" in body else body
    wrong = sent | {field: f"a{character}b"}
    refused = caller.post(path, {"records": [wrong]} if "records" in body else wrong)
    assert refused.status_code == 422
    (error,) = refused.json["errors"]
    assert (error["field"], error["code"]) == (field, "unprintable")
    assert f"(U+{ord(character):04X})" in error["detail"]


def test_a_reason_may_have_lines_but_no_nul(caller, acme):
    address = "/organizations/acme/adjustments"
    assert (
        caller.post(address, CHARGE | {"reason": "Ticket 4711:\n\tcalled back"}).status_code == 201
    )
    refused = caller.post(address, CHARGE | {"reason": "a\0b"})
    assert [one["field"] for one in refused.json["errors"]] == ["reason"]


@pytest.mark.parametrize(
    "path",
    [
        "/organizations/acme/invoices?before=99999999999999999999",
        "/organizations?search=a%00b",
        "/organizations?search=a%0ab",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(caller, acme, path):
    refused = caller.get(path)
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")


def test_a_batch_has_bounds(caller, acme):
    assert caller.post("/usage", {"records": []}).status_code == 422
    too_many = caller.post("/usage", {"records": [record()] * 10_001})
    assert too_many.status_code == 422
    assert too_many.json["errors"][0]["code"] == "too_long"
    too_large = caller.post("/usage", {"records": [record(key="x" * 7_000_000)]})
    assert (too_large.status_code, too_large.json["code"]) == (413, "request_entity_too_large")


def test_a_body_must_be_json(caller, client):
    headers = {"Authorization": f"Bearer {caller.secret}"}
    plain = client.post("/api/v1/usage", data="a=b", headers=headers)
    assert (plain.status_code, plain.mimetype) == (415, "application/problem+json")
    broken = client.post(
        "/api/v1/usage", data="{", headers=headers | {"Content-Type": "application/json"}
    )
    assert (broken.status_code, broken.json["code"]) == (422, "invalid_body")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/nothing", 404), ("put", "/usage", 405)]
)
def test_wrong_addresses_and_methods_are_problems_too(client, db, method, path, status):
    answer = getattr(client, method)(f"/api/v1{path}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_charge_needs_a_key(caller, acme):
    charge = {"amount_cents": 500, "description": "Help", "reason": "Call"}
    refused = caller.post("/organizations/acme/adjustments", charge)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "key")


@pytest.mark.parametrize("anchor", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_cycles_begin_within_the_calendar(caller, anchor):
    body = {"slug": "far", "name": "Far", "email": "a@far.com", "currency": "usd"}
    refused = caller.post("/organizations", body | {"cycle_anchor_at": anchor})
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json["errors"]] == ["cycle_anchor_at"]


@pytest.mark.parametrize("cents", [0, 10**12 + 1, 5.5, "500"])
def test_a_wrong_amount_is_named_as_the_body_names_it(caller, acme, cents):
    refused = caller.post("/organizations/acme/adjustments", CHARGE | {"amount_cents": cents})
    assert [one["field"] for one in refused.json["errors"]] == ["amount_cents"]


def test_a_key_stands_for_one_charge(caller, acme):
    charge = {"amount_cents": 500, "description": "Help", "reason": "Call", "key": "k"}
    caller.post("/organizations/acme/adjustments", charge)
    refused = caller.post("/organizations/acme/adjustments", charge | {"amount_cents": 600})
    assert (refused.status_code, refused.json["code"]) == (409, "key_reused")


def test_an_organization_is_not_overwritten(caller, acme):
    taken = {"slug": "acme", "name": "Other", "email": "billing@acme.example", "currency": "usd"}
    refused = caller.post("/organizations", taken)
    assert (refused.status_code, refused.json["code"]) == (409, "organization_exists")
    assert "name" in refused.json["detail"]


def test_answers_are_kept_by_no_cache(caller, acme):
    assert caller.get("/organizations/acme").headers["Cache-Control"] == "no-store"
    assert caller.get("/organizations/nobody").headers["Cache-Control"] == "no-store"


def test_our_own_failure_is_a_problem_that_tells_no_secret(app, caller, acme, monkeypatch, db):
    def break_down(*_arguments, **_more):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("dashboard.api.usage.record_batch", break_down)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    failed = caller.post("/usage", {"records": [record()]})
    assert (failed.status_code, failed.mimetype) == (500, "application/problem+json")
    assert "swordfish" not in failed.text


@pytest.mark.parametrize("code", ["zzz", "btc", "xau"])
def test_currencies_that_stripe_does_not_take_are_refused(caller, code):
    body = {"slug": "new", "name": "New", "email": "a@new.com", "currency": code}
    price = {"code": "new", "name": "New", "kind": "recurring", "unit_amount": "5"}
    for path, sent in (("/organizations", body), ("/prices", price | {"currency": code})):
        refused = caller.post(path, sent)
        assert refused.status_code == 422
        assert [one["field"] for one in refused.json["errors"]] == ["currency"]


def test_a_credit_that_cannot_be_given_back_is_refused_and_says_what_can(caller, db):
    make_organization("reykjavik", currency="isk")
    db.session.commit()
    refused = caller.post("/organizations/reykjavik/adjustments", CHARGE | {"amount_cents": -1050})
    assert refused.status_code == 422
    assert "multiples of 100 minor units. Nothing was added. Send -1100" in refused.json["detail"]
