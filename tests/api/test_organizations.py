"""An organization is changed by what is sent, and by nothing else."""

import pytest

from dashboard.organizations.lookup import organization_by_slug

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}


@pytest.fixture
def acme(caller):
    return caller.post("/organizations", ACME).json


def test_only_what_is_sent_is_changed(caller, acme):
    sent = {"collection_method": "send_invoice", "days_until_due": 30, "tags": ["vip"]}
    told = caller.patch("/organizations/acme", sent)
    assert (told.status_code, told.json) == (200, acme | sent)
    assert caller.patch("/organizations/acme", {"name": "Acme Two"}).json["tags"] == ["vip"]
    assert caller.get("/organizations/acme").json == acme | sent | {"name": "Acme Two"}


def test_an_address_is_sent_as_a_whole_and_left_to_stripe_again(caller, acme):
    berlin = {"line1": "Unter den Linden 1", "city": "Berlin", "country": "de"}
    told = caller.patch("/organizations/acme", {"address": berlin, "tax_exempt": "reverse"}).json
    empty = dict.fromkeys(("line1", "line2", "city", "state", "postal_code"))
    assert told["address"] == empty | berlin | {"country": "DE"}
    assert told["tax_exempt"] == "reverse"
    told = caller.patch("/organizations/acme", {"address": {"country": "FR"}}).json
    assert (told["address"], told["tax_exempt"]) == (empty | {"country": "FR"}, "reverse")
    left = {"address": None, "tax_exempt": None}
    assert caller.patch("/organizations/acme", left).json == acme


def test_creating_it_again_does_not_mind_a_changed_way_of_paying(caller, acme):
    caller.patch("/organizations/acme", {"collection_method": "send_invoice", "days_until_due": 30})
    assert caller.post("/organizations", ACME).status_code == 200
    charged = ACME | {"collection_method": "charge_automatically"}
    assert caller.post("/organizations", charged).status_code == 409


def test_charging_automatically_again_needs_no_days(caller, acme):
    caller.patch("/organizations/acme", {"collection_method": "send_invoice", "days_until_due": 30})
    told = caller.patch("/organizations/acme", {"collection_method": "charge_automatically"})
    assert told.json == acme


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"email": "nobody"}, "email"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"tags": ["a,b"]}, "tags"),
        ({"currency": "eur"}, "currency"),
        ({"slug": "other"}, "slug"),
        ({"address": {"city": "Berlin"}}, "address"),
        ({"address": {"country": "Germany"}}, "address"),
        ({"address": {"country": "ZZ"}}, "country"),
        ({"tax_exempt": "never"}, "tax_exempt"),
    ],
)
def test_what_cannot_be_is_refused_by_field(caller, acme, sent, field):
    told = caller.patch("/organizations/acme", {"email": "other@acme.com"} | sent)
    assert told.status_code == 422
    assert told.json["errors"][0]["field"].startswith(field)
    assert caller.get("/organizations/acme").json == acme


def test_a_token_of_one_organization_changes_that_one_only(caller, caller_with, acme, db):
    caller.post("/organizations", ACME | {"slug": "other"})
    own = caller_with("organizations:write", organization_id=organization_by_slug("acme").id)
    assert own.patch("/organizations/acme", {"name": "Acme Two"}).status_code == 200
    assert own.patch("/organizations/other", {"name": "Acme Two"}).status_code == 404


def test_reading_is_not_writing(caller_with, caller, acme):
    reader = caller_with("organizations:read")
    assert reader.patch("/organizations/acme", {"name": "X"}).status_code == 403
