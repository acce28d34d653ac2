from collections.abc import Iterator

import pytest

from dashboard.billing.models import Invoice
from tests.support.billing import make_bill
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.support.syncing import Syncer, gateway_to


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxControl]:
    """A sandbox on threads of this process."""
    with running_sandbox() as control:
        yield control


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    """A sandbox that knows nothing yet."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def syncer(sandbox: SandboxControl) -> Syncer:
    """Carries out syncs against the sandbox."""
    return Syncer(gateway_to(sandbox.url), sandbox)


@pytest.fixture
def bill(db: object) -> Invoice:
    """An empty draft."""
    return make_bill()
