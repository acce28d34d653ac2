"""Cycles of other lengths and zones, and fees for other intervals, over the API."""

import pytest

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}
FEE = {
    "code": "seat", "name": "Seat", "kind": "recurring", "currency": "usd",
    "unit_amount": "3000", "effective_at": "2020-01-01T00:00:00Z",
}  # fmt: skip
CALLS = FEE | {"code": "calls", "name": "Calls", "kind": "metered", "meter": "calls"}


def test_cycles_are_months_in_utc_unless_something_else_is_asked_for(caller):
    made = caller.post("/organizations", ACME).json
    assert (made["cycle_interval"], made["cycle_zone"]) == ("month", "UTC")
    asked = ACME | {"slug": "other", "cycle_interval": "quarter", "cycle_zone": "Europe/Berlin"}
    made = caller.post("/organizations", asked).json
    assert (made["cycle_interval"], made["cycle_zone"]) == ("quarter", "Europe/Berlin")
    assert caller.get("/organizations/other").json == made
    assert caller.post("/organizations", asked).status_code == 200
    again = caller.post("/organizations", asked | {"cycle_zone": "Asia/Kolkata"})
    assert (again.status_code, again.json["code"]) == (409, "organization_exists")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"cycle_interval": "day"}, "cycle_interval"),
        ({"cycle_interval": None}, "cycle_interval"),
        ({"cycle_zone": "Mars/Olympus"}, "cycle_zone"),
        ({"cycle_zone": "../UTC"}, "cycle_zone"),
        ({"cycle_zone": ""}, "cycle_zone"),
    ],
)
def test_a_cycle_that_cannot_be_is_refused_by_field(caller, sent, field):
    told = caller.post("/organizations", ACME | sent)
    assert (told.status_code, told.json["errors"][0]["field"]) == (422, field)


def test_a_price_says_what_its_fee_is_for(caller):
    assert caller.post("/prices", FEE).json["interval"] == "month"
    yearly = FEE | {"code": "yearly", "interval": "year"}
    assert caller.post("/prices", yearly).json["interval"] == "year"
    assert caller.post("/prices", yearly).status_code == 201
    assert caller.post("/prices", yearly | {"interval": "month"}).status_code == 409
    assert caller.post("/prices", CALLS).json["interval"] is None
    told = caller.post("/prices", CALLS | {"code": "more", "interval": "year"})
    assert (told.status_code, told.json["errors"][0]["field"]) == (422, "interval")


def test_a_fee_is_attached_only_where_a_cycle_has_a_whole_number_of_its_intervals(caller):
    for one in (FEE, CALLS, FEE | {"code": "yearly", "interval": "year"}):
        assert caller.post("/prices", one).status_code == 201
    caller.post("/organizations", ACME | {"cycle_interval": "week"})
    refused = caller.post("/organizations/acme/services", {"price": "seat"})
    assert (refused.status_code, refused.json["code"]) == (422, "fee_does_not_fit")
    assert refused.json["detail"] == (
        "seat is a fee per month, which cannot be billed in a weekly cycle. Nothing was changed. "
        "Choose another price."
    )
    # Usage counts over the cycle, however long that is.
    assert caller.post("/organizations/acme/services", {"price": "calls"}).status_code == 201
    caller.post("/organizations", ACME | {"slug": "month"})
    assert caller.post("/organizations/month/services", {"price": "yearly"}).status_code == 422
    caller.post("/organizations", ACME | {"slug": "year", "cycle_interval": "year"})
    for price in ("seat", "yearly"):
        assert caller.post("/organizations/year/services", {"price": price}).status_code == 201
