"""Misbehaviour by rule: what each kind does, and which requests a rule hits."""

import threading
import time

import pytest
import requests
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl


def _add_quietly(shop: Shop, invoice_id: str) -> threading.Thread:
    def add() -> None:
        try:
            shop.add(invoice_id, 100)
        except stripe.StripeError:
            return

    thread = threading.Thread(target=add)
    thread.start()
    return thread


def test_drop_before_executes_nothing(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("drop_before", path="add_lines", times=1)

    with pytest.raises(stripe.APIConnectionError):
        shop.add(draft.id, 100)

    assert shop.lines(draft.id) == []


def test_drop_after_has_executed(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("drop_after", path="add_lines", times=1)

    with pytest.raises(stripe.APIConnectionError):
        shop.add(draft.id, 100)

    assert len(shop.lines(draft.id)) == 1
    assert simulator.calls()[-2]["status"] == 0


def test_error_before_executes_nothing_and_bears_its_status(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft()
    simulator.fault("error_before", path="add_lines", times=1, status=503)

    with pytest.raises(stripe.APIError) as failure:
        shop.add(draft.id, 100)

    assert failure.value.http_status == 503
    assert shop.lines(draft.id) == []


def test_a_rate_limit_names_its_reason(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("rate_limit", path="add_lines", times=1, reason="endpoint-rate")

    with pytest.raises(stripe.RateLimitError) as refusal:
        shop.add(draft.id, 100)

    assert refusal.value.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    assert refusal.value.error.code == "rate_limit"


def test_a_lock_timeout_names_none(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("lock_timeout", path="add_lines", times=1)

    with pytest.raises(stripe.RateLimitError) as refusal:
        shop.add(draft.id, 100)

    assert refusal.value.error.code == "lock_timeout"
    assert "Stripe-Rate-Limited-Reason" not in refusal.value.headers
    assert "Request-Id" not in refusal.value.headers


def test_slow_waits_and_goes_on(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("slow", path="add_lines", times=1, seconds=0.3)

    started = time.monotonic()
    shop.add(draft.id, 100)

    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("kind", "executed"), [("hold_before", False), ("hold_during", False), ("hold_after", True)]
)
def test_a_hold_stops_at_its_point(
    shop: Shop, simulator: SimulatorControl, kind: str, executed: bool
) -> None:
    draft = shop.draft()
    simulator.fault(kind, path="add_lines", times=1)
    thread = _add_quietly(shop, draft.id)
    held = simulator.wait_for_hold()

    assert held["path"] == f"/v1/invoices/{draft.id}/add_lines"
    assert bool(shop.lines(draft.id)) is executed

    simulator.post(f"holds/{held['id']}/release")
    thread.join()
    assert len(shop.lines(draft.id)) == 1
    assert simulator.get("holds") == []


def test_a_held_request_can_be_dropped_instead(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("hold_before", path="add_lines", times=1)
    thread = _add_quietly(shop, draft.id)

    simulator.post(f"holds/{simulator.wait_for_hold()['id']}/release", outcome="drop")
    thread.join()

    assert shop.lines(draft.id) == []


def test_a_hold_ends_by_itself(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("hold_after", path="add_lines", times=1, seconds=0.1)

    assert shop.add(draft.id, 100).total == 100


def test_a_rule_can_hit_only_the_nth_request(shop: Shop, simulator: SimulatorControl) -> None:
    simulator.fault("error_before", path="^/v1/customers$", nth=2)

    shop.customer()
    with pytest.raises(stripe.APIError):
        shop.customer()
    shop.customer()


def test_a_rule_can_ask_for_a_method(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()
    simulator.fault("error_before", path="/v1/invoices/", method="get")

    shop.add(draft.id, 100)
    with pytest.raises(stripe.APIError):
        shop.read(draft.id)


def test_the_same_seed_brings_the_same_misfortune(shop: Shop, simulator: SimulatorControl) -> None:
    def run() -> list[int]:
        rule = simulator.fault("error_before", path="/v1/events", probability=0.5, seed=7)
        statuses = [_status_of_events(simulator) for _ in range(20)]
        simulator.delete(f"faults/{rule}")
        return statuses

    first = run()

    assert first == run()
    assert set(first) == {200, 500}


def test_rules_are_listed_with_their_hits_and_lifted(
    shop: Shop, simulator: SimulatorControl
) -> None:
    simulator.fault("error_before", path="/v1/events", times=1)
    assert _status_of_events(simulator) == 500

    (rule,) = simulator.get("faults")
    assert (rule["kind"], rule["matched"], rule["hits"]) == ("error_before", 1, 1)
    simulator.delete("faults")

    assert simulator.get("faults") == []


@pytest.mark.parametrize("rule", [{"kind": "explode"}, {"kind": "slow", "path": "("}, {"knd": "x"}])
def test_a_rule_that_makes_no_sense_is_refused(
    simulator: SimulatorControl, rule: dict[str, str]
) -> None:
    answer = requests.post(f"{simulator.url}/_simulator/faults", json=rule, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def _status_of_events(simulator: SimulatorControl) -> int:
    return requests.get(
        f"{simulator.url}/v1/events", auth=("sk_test_sandbox", ""), timeout=10
    ).status_code
