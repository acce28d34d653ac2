"""A sandbox for all tests of this folder, emptied before each, and Stripe's own client for it."""

from collections.abc import Iterator

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.sandbox.shop import Shop
from tests.support.sandbox import API_KEY, SandboxControl, running_sandbox


@pytest.fixture(scope="session")
def standing_sandbox() -> Iterator[SandboxControl]:
    """One sandbox per test process."""
    with running_sandbox() as control:
        yield control


@pytest.fixture
def sandbox(standing_sandbox: SandboxControl) -> SandboxControl:
    """The sandbox without objects, rules or a past."""
    standing_sandbox.reset()
    return standing_sandbox


@pytest.fixture(scope="session")
def stripe_client(standing_sandbox: SandboxControl) -> V1Services:
    """Stripe's own client, pointed at the sandbox, that never retries by itself."""
    stripe.enable_telemetry = False
    client = stripe.StripeClient(
        API_KEY, base_addresses={"api": standing_sandbox.url}, max_network_retries=0
    )
    return client.v1


@pytest.fixture
def shop(sandbox: SandboxControl, stripe_client: V1Services) -> Shop:
    """A maker of customers and drafts on the empty sandbox."""
    return Shop(stripe_client)
