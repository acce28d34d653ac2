"""The API from end to end: from an empty catalogue to a bill that moves."""

from datetime import timedelta

from dashboard.clock import utc_now
from tests.support.api_story import ACME, FEE, REQUESTS, set_up


def record(key, quantity="150", **more):
    return {
        "organization": "acme", "meter": "requests", "key": key, "quantity": quantity,
        "recorded_at": utc_now().isoformat(),
    } | more  # fmt: skip


def test_facts_reported_by_a_sub_system_are_on_the_bill_at_once(caller):
    set_up(caller)
    service = caller.post(
        "/organizations/acme/services",
        {"price": "database", "external_id": "db-1", "label": "db-1"},
    )
    assert service.status_code == 201
    assert service.json["changes"][0]["quantity"] == "1"
    caller.post("/organizations/acme/services", {"price": "requests"})
    counted = caller.post("/usage", {"records": [record("a"), record("b", "1000.5")]})
    assert counted.json == {"recorded": 2, "duplicates": []}
    credit = caller.post(
        "/organizations/acme/adjustments",
        {"amount_cents": -200, "description": "Sorry", "reason": "Outage"},
        Idempotency_Key="outage-1",
    )
    assert credit.status_code == 201

    bill = caller.get("/organizations/acme/current-invoice").json

    amounts = {item["kind"]: item["amount_cents"] for item in bill["items"]}
    assert 2990 <= amounts["recurring"] <= 3000
    assert amounts["metered"] == 513  # 1,000 at half a cent and 50.5 at a quarter
    assert amounts["adjustment"] == -200
    assert bill["total_cents"] == sum(amounts.values())
    assert bill["is_in_sync"] is False
    assert bill["forecast_cents"] >= bill["total_cents"]
    metered = next(item for item in bill["items"] if item["kind"] == "metered")
    assert metered["quantity"] == "1150.5"
    assert "1,150.5 units used, 100 of 100 included, 1,050.5 charged." in metered["trace"]["words"]


def test_everything_may_be_repeated(caller):
    instant = (utc_now() + timedelta(seconds=60)).isoformat()
    for _ in range(2):
        first = caller.post("/organizations", ACME)
        caller.post("/prices", FEE)
        caller.post("/prices", REQUESTS)
        attached = {"price": "database", "external_id": "db-1", "quantity": "2"}
        service = caller.post("/organizations/acme/services", attached).json["id"]
        caller.post("/organizations/acme/services", {"price": "requests", "external_id": "r"})
        caller.post(f"/organizations/acme/services/{service}/changes", {"quantity": "3"})
        usage = caller.post("/usage", {"records": [record("a", recorded_at=instant)]})
        charge = {"amount_cents": 500, "description": "Help", "reason": "Call", "key": "k"}
        caller.post("/organizations/acme/adjustments", charge)
    assert first.status_code == 200
    assert usage.json == {"recorded": 0, "duplicates": [0]}
    bill = caller.get("/organizations/acme/current-invoice").json
    assert len(bill["items"]) == 3
    assert len(caller.get("/organizations/acme/services").json["services"]) == 2


def test_a_detached_service_stops_costing(caller):
    set_up(caller)
    service = caller.post("/organizations/acme/services", {"price": "database"}).json
    full = caller.get("/organizations/acme/current-invoice").json["total_cents"]
    ended = caller.post(f"/organizations/acme/services/{service['id']}/detachment")
    assert ended.status_code == 200
    assert ended.json["detached_at"] is not None
    assert caller.get("/organizations/acme/current-invoice").json["total_cents"] < full / 100


def test_a_new_version_of_a_price_is_its_own_line(caller):
    set_up(caller)
    caller.post("/organizations/acme/services", {"price": "database"})
    later = (utc_now() + timedelta(days=7)).isoformat()
    version = caller.post("/prices/database/versions", {"effective_at": later, "unit_amount": "1"})
    assert [one["unit_amount"] for one in version.json["versions"]] == ["3000", "1"]
    items = caller.get("/organizations/acme/current-invoice").json["items"]
    assert len(items) == 2
    assert items[0]["period_end"] == items[1]["period_start"]


def test_a_sync_can_be_planned_and_asked_for(caller):
    set_up(caller)
    caller.post("/organizations/acme/services", {"price": "database"})
    plan = caller.post("/organizations/acme/syncs", {"preview": True})
    assert (plan.status_code, plan.json["is_empty"]) == (200, False)
    run = caller.post("/organizations/acme/syncs", {"plan_hash": plan.json["hash"]})
    assert (run.status_code, run.json["state"], run.json["trigger"]) == (202, "queued", "api")
    again = caller.get(f"/organizations/acme/syncs/{run.json['id']}")
    assert again.json["id"] == run.json["id"]


def test_lists_and_single_things_can_be_read(caller):
    set_up(caller)
    assert caller.get("/organizations?search=acm").json["total"] == 1
    assert caller.get("/organizations?search=nobody").json["organizations"] == []
    assert caller.get("/organizations/acme").json["name"] == "Acme"
    assert [price["code"] for price in caller.get("/prices").json["prices"]] == [
        "database", "requests",
    ]  # fmt: skip
    assert caller.get("/prices/requests").json["versions"][0]["tiers"][0]["up_to"] == "1000"
    assert caller.get("/organizations/acme/invoices").json == {"invoices": [], "before": None}
    assert caller.get("/organizations/acme/invoices/1").json["sequence"] == 1


def test_a_list_of_services_is_attached_together_or_not_at_all(caller):
    set_up(caller)
    address = "/organizations/acme/services"
    some = [{"price": "database", "external_id": f"db-{n}"} for n in range(3)]
    attached = caller.post(address, {"services": some})
    assert attached.status_code == 201
    assert [one["external_id"] for one in attached.json["services"]] == ["db-0", "db-1", "db-2"]
    for wrong, status in (
        ({"price": "nothing"}, 404),
        ({"price": "database", "external_id": "db-0", "quantity": "7"}, 409),
        ({"price": "database", "quantity": 7}, 422),
    ):
        refused = caller.post(address, {"services": [{"price": "database"}, wrong]})
        assert refused.status_code == status
        assert [one["index"] for one in refused.json["errors"]] == [1]
    assert caller.get(address).json["total"] == 3


def test_usage_is_on_the_bill_that_is_read_after_its_answer(caller):
    set_up(caller)
    caller.post("/organizations/acme/services", {"price": "requests"})
    for number in range(3):
        assert caller.post("/usage", {"records": [record(f"{number}", "100")]}).status_code == 200
        bill = caller.get("/organizations/acme/current-invoice").json
        assert [item["quantity"] for item in bill["items"]] == [f"{100 * (number + 1)}"]
