"""Automatic tax over the API: read with what switching does, switched once, refused by name."""

from dataclasses import replace

import pytest

from dashboard.billing.policy import current_policy, set_policy

ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}
TAX = "/organizations/acme/tax"


@pytest.fixture
def acme(caller):
    before = current_policy()
    set_policy(replace(before, stripe_tax_product="prod_billing"))
    yield caller.post("/organizations", ACME | {"cycle_anchor_at": "2026-01-01T00:00:00Z"}).json
    set_policy(before)


def charge(caller, cents, key):
    sent = {"amount_cents": cents, "description": key, "reason": "Asked", "key": key}
    assert caller.post("/organizations/acme/adjustments", sent).status_code == 201


def test_it_is_read_with_what_switching_does_and_then_switched_once(caller, acme):
    charge(caller, 1000, "Setup")
    charge(caller, -1500, "Goodwill")
    told = caller.get(TAX).json
    assert (told["automatic_tax"], told["current_status"]) == (False, None)
    other = told["other"]
    assert (other["automatic_tax"], other["total_cents"], other["carried_cents"]) == (
        True, -500, -500,
    )  # fmt: skip
    assert other["billed_cents"] == 0
    assert [one["description"] for one in other["credits"]] == ["Goodwill"]
    assert [one["amount_cents"] for one in other["lowered"]] == [0]
    sent = {"automatic_tax": True, "reason": "Germany", "seen": other["seen"]}
    made = caller.post(TAX, sent)
    assert (made.status_code, made.json["is_new"]) == (201, True)
    again = caller.post(TAX, sent)
    assert (again.status_code, again.json["is_new"]) == (200, False)
    assert caller.get(TAX).json["automatic_tax"] is True
    bill = caller.get("/organizations/acme/current-invoice").json
    assert (bill["automatic_tax"], bill["tax_cents"], bill["tax_reasons"]) == (True, None, [])


def test_another_credit_since_refuses_it(caller, acme):
    seen = caller.get(TAX).json["other"]["seen"]
    charge(caller, -1500, "Goodwill")
    refused = caller.post(TAX, {"automatic_tax": True, "reason": "Germany", "seen": seen})
    assert (refused.status_code, refused.json["code"]) == (409, "stale")


@pytest.mark.parametrize("sent", [{}, {"automatic_tax": "perhaps"}, {"reason": ""}])
def test_what_cannot_be_is_refused(caller, acme, sent):
    whole = {"automatic_tax": True, "reason": "Germany"} | sent
    if not sent:
        whole = {"reason": "Germany"}
    assert caller.post(TAX, whole).status_code == 422
    assert caller.get(TAX).json["automatic_tax"] is False


def test_without_a_product_it_is_refused(caller, acme):
    set_policy(replace(current_policy(), stripe_tax_product=""))
    refused = caller.post(TAX, {"automatic_tax": True, "reason": "Germany"})
    assert refused.status_code == 409
    assert "STRIPE_TAX_PRODUCT" in refused.json["detail"]
