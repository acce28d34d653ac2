"""The simulator's balance transactions, as the gateway reads them: one call."""

from __future__ import annotations

from dashboard.gateway.customer_records import CustomerDraft
from tests.support.notes_at_stripe import ask
from tests.support.syncing import Syncer
from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["simulator", "simulator_server", "syncer"]


def test_a_move_by_hand_is_read_with_the_balance_after_it(syncer: Syncer, db: object) -> None:
    customer = syncer.gateway.create_customer(CustomerDraft("7", "Acme", "a@b.example"), key="c")
    for cents in (-500, 200):
        to = f"customers/{customer.id}/balance_transactions"
        ask(syncer, "post", to, amount=cents, currency="usd", description="By hand")
    syncer.operations()
    told = syncer.gateway.balance_moves(customer.id)
    assert len(syncer.operations()) == 1
    seen = [(one.kind, one.cents, one.ending_cents, one.description) for one in told.moves]
    assert seen == [("adjustment", 200, -300, "By hand"), ("adjustment", -500, -500, "By hand")]
    assert not told.has_more
