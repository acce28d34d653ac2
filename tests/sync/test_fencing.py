"""A worker that stalled and was taken over cannot overwrite newer state unnoticed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.records import LineContent, RemoteInvoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.lease import LeaseLost
from dashboard.sync.models import SyncLease, SyncRun
from dashboard.transaction import checkpoint, transaction
from tests.support.billing import put
from tests.support.syncing import Syncer, gateway_of


class StallingGateway(StripeGateway):
    """Stalls once before `add_lines`, while other things happen."""

    meanwhile: Callable[[], None] | None = None

    def add_lines(
        self, invoice_id: str, lines: Sequence[LineContent], *, run: str, key: str
    ) -> RemoteInvoice:
        """Let the others go first, then send."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().add_lines(invoice_id, lines, run=run, key=key)


@dataclass
class Takeover:
    """A second worker that takes the run over once the lease has expired."""

    syncer: Syncer
    bill: Invoice
    later: timedelta = field(default_factory=timedelta)

    def __call__(self) -> None:
        """Expire the lease, end the stalled run, then let the ledger move and sync that too."""
        with transaction():
            db.session.execute(update(SyncLease).values(expires_at=utc_now()))
        other = Syncer(self.syncer.gateway, self.syncer.simulator, ahead=self.later)
        run = db.session.query(SyncRun).filter_by(invoice_id=self.bill.id).order_by("id").all()[-1]
        assert other.carry_out(run).state == "succeeded"
        put(self.bill, b=500)
        assert other.sync(self.bill).state == "succeeded"
        checkpoint()


@pytest.fixture
def stalled(bill: Invoice, syncer: Syncer) -> Syncer:
    """Syncs through a gateway that can stall; the bill is in sync but for one new line."""
    put(bill, a=100)
    syncer.sync(bill)
    put(bill, b=200)
    return Syncer(gateway_of(StallingGateway, syncer.simulator.url), syncer.simulator)


def stall(stalled: Syncer, takeover: Takeover) -> None:
    """Sync, stall, be taken over, and go on."""
    assert isinstance(stalled.gateway, StallingGateway)
    stalled.gateway.meanwhile = takeover
    with pytest.raises(LeaseLost):
        stalled.sync(takeover.bill)
    db.session.rollback()


def test_a_late_call_is_answered_from_memory_and_changes_nothing(
    bill: Invoice, syncer: Syncer, stalled: Syncer
) -> None:
    stall(stalled, Takeover(syncer, bill))
    assert syncer.lines(bill) == {"a": 100, "b": 500}
    assert bill.synced_total_cents == 600


def test_a_late_call_that_stripe_carries_out_is_noticed_and_undone(
    bill: Invoice, syncer: Syncer, stalled: Syncer
) -> None:
    # After a day nobody may send the key again: the second worker reads back and adds the line
    # anew, and then the first one, asleep all the while, still sends its own.
    stall(stalled, Takeover(syncer, bill, later=timedelta(hours=24)))
    assert not syncer.simulator.get("audit")["ok"]
    db.session.refresh(bill)
    assert bill.needs_verification
    run = syncer.sync(bill, "scheduled")
    assert [finding["state"] for finding in run.findings] == ["duplicate"]
    assert syncer.lines(bill) == {"a": 100, "b": 500}
    assert syncer.simulator.get("audit")["ok"]
