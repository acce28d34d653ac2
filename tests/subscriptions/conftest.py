import pytest

from tests.support.subscriptions import Subscribed, subscribe
from tests.support.syncing import Syncer
from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["simulator", "simulator_server", "syncer"]


@pytest.fixture
def world(db: object, syncer: Syncer) -> Subscribed:
    """An organization that is billed on a subscription's invoices."""
    return subscribe(syncer)
