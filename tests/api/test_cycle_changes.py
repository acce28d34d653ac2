"""Changing the cycle over the API: previewed, done once, refused by name."""

import pytest

from dashboard.organizations.lookup import organization_by_slug

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}
FEE = {
    "code": "seat", "name": "Seat", "kind": "recurring", "currency": "usd",
    "unit_amount": "3000", "effective_at": "2020-01-01T00:00:00Z",
}  # fmt: skip


@pytest.fixture
def acme(caller):
    caller.post("/prices", FEE)
    made = caller.post("/organizations", ACME | {"cycle_anchor_at": "2026-01-01T00:00:00Z"}).json
    caller.post("/organizations/acme/services", {"price": "seat"})
    return made


CHANGES = "/organizations/acme/cycle-changes"
QUARTERLY = {"cycle_interval": "quarter", "cycle_zone": "Europe/Berlin"}


def test_a_change_is_previewed_and_then_done_once(caller, acme):
    shown = caller.get(f"{CHANGES}/preview?cycle_interval=quarter&cycle_zone=Europe/Berlin").json
    assert shown["is_new"] is True
    assert shown["cycles"][0]["fees"] == [{"description": "Seat", "amount_cents": 9000}]
    assert shown["without"]["fees_cents"] == 3000
    assert shown["current_before_cents"] == shown["current_after_cents"]
    assert caller.get("/organizations/acme").json == acme
    sent = QUARTERLY | {"reason": "Asked for", "seen": shown["seen"]}
    told = caller.post(CHANGES, sent)
    assert told.status_code == 201
    assert told.json["begins_at"] == told.json["following"]["starts_at"] == shown["begins_at"]
    again = caller.post(CHANGES, sent)
    assert (again.status_code, again.json) == (200, told.json | {"is_new": False})
    now = caller.get("/organizations/acme").json
    changed = QUARTERLY | {"cycle_anchor_at": told.json["cycle_anchor_at"]}
    assert now == acme | changed
    other = caller.post(CHANGES, sent | {"cycle_interval": "year"})
    assert (other.status_code, other.json["code"]) == (409, "stale")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"cycle_interval": "week"}, "fee_does_not_fit"),
        ({"cycle_interval": "day"}, "invalid"),
        ({"cycle_interval": "month", "cycle_zone": "Mars/Olympus"}, "invalid"),
        ({"cycle_interval": "month", "takes_effect": "soon"}, "invalid"),
        ({"cycle_zone": "UTC"}, "invalid"),
        ({"cycle_interval": "quarter", "reason": ""}, "invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(caller, acme, sent, code):
    told = caller.post(CHANGES, {"reason": "Asked for"} | sent)
    assert told.status_code == 422
    assert (told.json["code"] == code) or code == "invalid"
    assert caller.get("/organizations/acme").json == acme


def test_a_token_of_another_organization_changes_nothing(caller, caller_with, acme):
    caller.post("/organizations", ACME | {"slug": "other"})
    own = caller_with("organizations:write", organization_id=organization_by_slug("other").id)
    assert own.post(CHANGES, QUARTERLY | {"reason": "Asked for"}).status_code == 404
