"""The optional rate limiter, and the latency."""

import threading
import time

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl


def _reason(shop: Shop, calls: int) -> str:
    for _ in range(calls):
        try:
            shop.client.events.list({"limit": 1})
        except stripe.RateLimitError as refusal:
            return str(refusal.headers["Stripe-Rate-Limited-Reason"])
    return ""


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"account_per_second": 3}, "global-rate"),
        ({"endpoint_per_second": 3}, "endpoint-rate"),
        ({"in_flight": 0}, "global-concurrency"),
        ({}, ""),
    ],
)
def test_the_limiter_names_which_limit_was_met(
    shop: Shop, simulator: SimulatorControl, limits: dict[str, int], reason: str
) -> None:
    simulator.post("limits", **limits)

    assert _reason(shop, 10) == reason


def test_one_endpoint_does_not_use_up_another(shop: Shop, simulator: SimulatorControl) -> None:
    simulator.post("limits", endpoint_per_second=3)
    assert _reason(shop, 10) == "endpoint-rate"

    shop.client.customers.create({})


def test_the_limit_recovers(shop: Shop, simulator: SimulatorControl) -> None:
    simulator.post("limits", account_per_second=5)
    assert _reason(shop, 20) == "global-rate"

    time.sleep(0.5)

    assert _reason(shop, 1) == ""


def test_requests_in_flight_are_counted(shop: Shop, simulator: SimulatorControl) -> None:
    simulator.post("limits", in_flight=1)
    simulator.fault("hold_during", path="^/v1/customers$", times=1)
    thread = threading.Thread(target=shop.client.customers.create)
    thread.start()
    held = simulator.wait_for_hold()

    assert _reason(shop, 1) == "global-concurrency"

    simulator.post(f"holds/{held['id']}/release")
    thread.join()
    assert _reason(shop, 1) == ""


def test_latency_is_added_to_every_call(shop: Shop, simulator: SimulatorControl) -> None:
    simulator.post("latency", milliseconds=150)

    started = time.monotonic()
    shop.client.events.list()

    assert time.monotonic() - started >= 0.15
