from collections.abc import Iterator

import pytest

from dashboard.billing.models import Invoice
from tests.support.billing import make_bill, put
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.syncing import Syncer, gateway_to
from tests.support.taxed import is_in_berlin, taxed_as


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[SimulatorControl]:
    """A simulator on threads of this process."""
    with running_simulator() as control:
        yield control


@pytest.fixture
def simulator(simulator_server: SimulatorControl) -> SimulatorControl:
    """A simulator that knows nothing yet."""
    simulator_server.reset()
    return simulator_server


@pytest.fixture
def syncer(simulator: SimulatorControl) -> Syncer:
    """Carries out syncs against the simulator."""
    return Syncer(gateway_to(simulator.url), simulator)


@pytest.fixture
def bill(db: object) -> Invoice:
    """An empty draft."""
    return make_bill()


@pytest.fixture
def tax_product() -> Iterator[None]:
    """A product at Stripe that has the tax code."""
    with taxed_as():
        yield


@pytest.fixture
def taxed(bill: Invoice, syncer: Syncer, tax_product: None) -> Invoice:
    """A bill of a customer in Germany, with a fee, usage and a credit, before tax is on."""
    put(bill, **{"recurring:1": 4000, "metered:1": 9000, "adjustment:901": -1500})
    syncer.sync(bill)
    is_in_berlin(bill, syncer)
    syncer.operations()
    return bill
