from collections.abc import Iterator

import pytest

from dashboard.billing.models import Invoice
from tests.support.billing import make_bill
from tests.support.simulator import SimulatorControl, running_simulator
from tests.support.syncing import Syncer, gateway_to


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
