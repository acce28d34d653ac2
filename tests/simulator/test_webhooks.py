"""Webhooks: signed, retried, and as unreliable as is asked for."""

import time
from collections.abc import Callable, Iterator

import pytest
import stripe

from tests.simulator.receiver import Receiver, receiving
from tests.simulator.shop import Shop
from tests.support.simulator import WEBHOOK_SECRET, SimulatorControl


@pytest.fixture
def receiver(simulator: SimulatorControl) -> Iterator[Receiver]:
    """An endpoint that the simulator sends to, and nobody afterwards."""
    with receiving() as one:
        simulator.post("webhooks", url=one.url, secret=WEBHOOK_SECRET)
        yield one
        simulator.post("webhooks", url="")


def _eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_delivery_verifies_with_stripes_own_check(shop: Shop, receiver: Receiver) -> None:
    customer = shop.customer(None)

    assert _eventually(lambda: receiver.types() == ["customer.created"])
    got = receiver.deliveries[0]
    event = stripe.Webhook.construct_event(got.body, got.signature, WEBHOOK_SECRET)
    assert event.data.object.id == customer.id
    assert event.api_version == "2026-10-28.endive"


def test_an_event_carries_the_key_of_its_cause(shop: Shop, receiver: Receiver) -> None:
    shop.client.customers.create({}, {"idempotency_key": "ours-7"})

    assert _eventually(lambda: len(receiver.deliveries) == 1)
    assert receiver.deliveries[0].event["request"]["idempotency_key"] == "ours-7"


def test_while_a_secret_is_rolled_either_one_verifies(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", secret="whsec_new,whsec_old")
    shop.customer(None)

    assert _eventually(lambda: len(receiver.deliveries) == 1)
    got = receiver.deliveries[0]
    for secret in ("whsec_new", "whsec_old"):
        stripe.Webhook.construct_event(got.body, got.signature, secret)


def test_a_failed_delivery_is_retried_until_it_is_accepted(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    receiver.answers = [500, 302]
    shop.customer(None)
    assert _eventually(lambda: len(receiver.deliveries) == 1)

    # The second and third attempts wait one and two seconds; the clock need not.
    assert _undelivered(shop) == 1
    for expected in (2, 3):
        simulator.advance(30)
        assert _eventually(lambda count=expected: len(receiver.deliveries) == count)  # type: ignore[misc]

    assert len({one.event["id"] for one in receiver.deliveries}) == 1
    assert _eventually(lambda: _undelivered(shop) == 0)


def test_deliveries_can_be_doubled(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", duplicate=2)

    shop.customer(None)

    assert _eventually(lambda: len(receiver.deliveries) == 3)
    assert len({one.event["id"] for one in receiver.deliveries}) == 1


def test_deliveries_can_be_dropped_and_are_still_listed(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", drop=1.0)
    shop.customer(None)
    time.sleep(0.2)
    simulator.post("webhooks", drop=0.0)
    shop.customer(None)

    assert _eventually(lambda: len(receiver.deliveries) == 1)
    assert len(shop.client.events.list({"type": "customer.created"}).data) == 2


def test_deliveries_can_be_delayed(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", delay_seconds=3600)
    shop.customer(None)
    time.sleep(0.2)
    assert receiver.deliveries == []

    simulator.advance(3600)

    assert _eventually(lambda: len(receiver.deliveries) == 1)


def test_deliveries_can_be_shuffled(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", mode="paused", reorder=True)
    sent = [shop.customer(None).id for _ in range(12)]

    simulator.post("webhooks", mode="normal")

    assert _eventually(lambda: len(receiver.deliveries) == 12)
    got = [one.event["data"]["object"]["id"] for one in receiver.deliveries]
    assert sorted(got) == sorted(sent)
    assert got != sent


def test_paused_deliveries_are_made_up_for(
    shop: Shop, receiver: Receiver, simulator: SimulatorControl
) -> None:
    simulator.post("webhooks", mode="paused")
    shop.customer(None)
    time.sleep(0.2)
    assert receiver.deliveries == []

    simulator.post("webhooks", mode="normal")

    assert _eventually(lambda: len(receiver.deliveries) == 1)


def test_an_endpoint_made_through_the_api_gets_only_what_it_asked_for(
    shop: Shop, receiver: Receiver
) -> None:
    with receiving() as other:
        made = shop.client.webhook_endpoints.create(
            {"url": other.url, "enabled_events": ["invoice.created"]}
        )
        shop.draft()

        assert _eventually(lambda: other.types() == ["invoice.created"])
        got = other.deliveries[0]
        stripe.Webhook.construct_event(got.body, got.signature, made.secret)
        shop.client.webhook_endpoints.delete(made.id)


def _undelivered(shop: Shop) -> int:
    return len(shop.client.events.list({"delivery_success": False}).data)
