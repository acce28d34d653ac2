"""A request sent again answers what exists, and only if that is what was asked for."""

from datetime import timedelta

import pytest

from dashboard.api import organizations
from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.factories import MeteredPriceFactory, PriceFactory, make_organization, make_service

FEE = {
    "code": "database", "name": "Managed database", "kind": "recurring", "currency": "usd",
    "unit_amount": "3000",
}  # fmt: skip
ACME = {"slug": "acme", "name": "Acme", "email": "billing@acme.com", "currency": "usd"}
CHARGE = {"amount_cents": 500, "description": "Help", "reason": "Call", "key": "k"}
SERVICES = "/organizations/acme/services"


@pytest.fixture
def acme(db):
    with transaction():
        now = utc_now() - timedelta(days=3)
        organization = make_organization(anchor=now, now=now)
        make_service(organization, MeteredPriceFactory(code="requests"), now=now, external_id="web")
        PriceFactory(code="database")
    return organization


def statuses(answers):
    return [answer.status_code for answer in answers]


def test_an_anchor_with_a_fraction_of_a_second_may_be_repeated(caller):
    body = ACME | {"cycle_anchor_at": "2026-04-01T00:00:00.5Z"}
    assert statuses(caller.post("/organizations", body) for _ in range(2)) == [201, 200]
    other = body | {"cycle_anchor_at": "2026-04-01T00:00:01Z"}
    refused = caller.post("/organizations", other)
    assert (refused.status_code, refused.json["code"]) == (409, "organization_exists")


def test_a_price_takes_another_product_without_becoming_another_price(caller):
    created = caller.post("/prices", FEE | {"product": "Databases"})
    assert (created.status_code, created.json["product"]) == (201, "Databases")
    changed = [caller.patch("/prices/database", {"product": one}) for one in ("Storage", None)]
    assert [one.json["product"] for one in changed] == ["Storage", "Managed database"]
    assert caller.post("/prices", FEE).json == changed[-1].json
    refused = caller.post("/prices", FEE | {"product": "Databases"})
    assert (refused.status_code, refused.json["code"]) == (409, "price_exists")
    wrong = [caller.patch("/prices/database", one) for one in ({}, {"product": ""}, {"product": 1})]
    assert statuses(wrong) == [422, 422, 422]
    assert caller.patch("/prices/none", {"product": "Storage"}).status_code == 404


def test_of_equal_requests_at_once_only_one_says_that_it_created(caller, monkeypatch):
    create = organizations.create_organization

    def after_another(wanted, **facts):
        with transaction():
            create(wanted, **facts)
        return create(wanted, **facts)

    monkeypatch.setattr(organizations, "create_organization", after_another)
    assert caller.post("/organizations", ACME).status_code == 200


def test_a_price_from_another_instant_on_is_another_price(caller):
    body = FEE | {"effective_at": "2026-01-01T00:00:00.25Z"}
    assert statuses(caller.post("/prices", one) for one in (body, body, FEE)) == [201, 201, 201]
    refused = caller.post("/prices", body | {"effective_at": "2026-02-01T00:00:00Z"})
    assert (refused.status_code, refused.json["code"]) == (409, "price_exists")
    assert "Add a version" in refused.json["detail"]


def test_a_key_stands_for_one_reason_too(caller, acme):
    address = "/organizations/acme/adjustments"
    assert statuses(caller.post(address, CHARGE) for _ in range(2)) == [201, 201]
    refused = caller.post(address, CHARGE | {"reason": "Another call"})
    assert (refused.status_code, refused.json["code"]) == (409, "key_reused")
    euros = caller.post(address, CHARGE | {"currency": "eur"})
    assert euros.status_code == 409


def test_a_detached_service_is_attached_again_only_with_an_instant(caller, acme):
    attached = {"price": "database", "external_id": "db-1"}
    service = caller.post(SERVICES, attached).json
    ended = caller.post(f"{SERVICES}/{service['id']}/detachment").json["detached_at"]
    refused = caller.post(SERVICES, attached)
    assert (refused.status_code, refused.json["code"]) == (409, "service_detached")
    assert refused.json["errors"][0]["field"] == "at"
    again = [caller.post(SERVICES, attached | {"at": ended}) for _ in range(2)]
    assert statuses(again) == [201, 201]
    assert again[0].json["id"] == again[1].json["id"] != service["id"]


def test_a_detachment_answers_what_it_took_off(caller, acme):
    now = utc_now()
    used = {
        "organization": "acme", "meter": "requests", "key": "a", "quantity": "12.5",
        "recorded_at": now.isoformat(),
    }  # fmt: skip
    caller.post("/usage", {"records": [used]})
    [service] = caller.get(SERVICES).json["services"]
    ended = {"at": (now - timedelta(days=1)).isoformat()}
    taken = [
        caller.post(f"{SERVICES}/{service['id']}/detachment", ended).json["taken_off"]
        for _ in range(2)
    ]
    told = {"records": 1, "quantity": "12.5", "meter": "requests"}
    assert taken == [told | {"amount_cents": -63}, told | {"amount_cents": None}]
    refused = caller.post("/usage", {"records": [used]})
    assert [one["code"] for one in refused.json["errors"]] == ["not_attached"]


def test_a_fee_takes_off_no_usage(caller, acme):
    service = caller.post(SERVICES, {"price": "database"}).json
    ended = caller.post(f"{SERVICES}/{service['id']}/detachment")
    assert ended.json["taken_off"] is None


def test_a_charge_a_moment_after_the_boundary_is_on_the_new_invoice(caller, db):
    with transaction():
        now = utc_now()
        acme = make_organization(anchor=now - timedelta(days=1), now=now)
        invoice = current_invoice(acme)
        invoice.period_end = invoice.cycle.ends_at = now.replace(microsecond=0)
    charged = caller.post("/organizations/acme/adjustments", CHARGE)
    assert (charged.status_code, charged.json["invoice"]) == (201, 2)
