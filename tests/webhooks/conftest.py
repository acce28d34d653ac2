import pytest

from dashboard.billing.models import Invoice
from tests.support.inbox import finalize
from tests.support.syncing import Syncer
from tests.sync.conftest import bill, simulator, simulator_server, syncer

__all__ = ["bill", "simulator", "simulator_server", "syncer"]


@pytest.fixture
def open_bill(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill that was finalized by us."""
    finalize(syncer, bill, a=4000)
    return bill
