"""A simulator for all tests of this folder, emptied before each, and Stripe's own client for it."""

from collections.abc import Iterator

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.simulator.shop import Shop
from tests.support.simulator import API_KEY, SimulatorControl, running_simulator


@pytest.fixture(scope="session")
def standing_simulator() -> Iterator[SimulatorControl]:
    """One simulator per test process."""
    with running_simulator() as control:
        yield control


@pytest.fixture
def simulator(standing_simulator: SimulatorControl) -> SimulatorControl:
    """The simulator without objects, rules or a past."""
    standing_simulator.reset()
    return standing_simulator


@pytest.fixture(scope="session")
def stripe_client(standing_simulator: SimulatorControl) -> V1Services:
    """Stripe's own client, pointed at the simulator, that never retries by itself."""
    stripe.enable_telemetry = False
    client = stripe.StripeClient(
        API_KEY, base_addresses={"api": standing_simulator.url}, max_network_retries=0
    )
    return client.v1


@pytest.fixture
def shop(simulator: SimulatorControl, stripe_client: V1Services) -> Shop:
    """A maker of customers and drafts on the empty simulator."""
    return Shop(stripe_client)
