"""Stripe's own schedule, when a person switches it off at Stripe: said, and set again if asked."""

import pytest

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.gateway.stripe import StripeGateway
from dashboard.reading.sync_status import status_of
from dashboard.sync.stripe_draft import ask_for_schedule
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver
from tests.support.sync_acts import add_foreign
from tests.support.syncing import Syncer

SUPPORT = Actor("user", 1, "support@example.com")


def switch_off(syncer: Syncer, bill: Invoice) -> None:
    """Have a person switch the schedule off at Stripe, and the event of it come."""
    gateway: StripeGateway = syncer.gateway
    gateway.schedule_finalization(str(bill.stripe_invoice_id), None, key="somebody")
    shown = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    deliver(syncer, event("invoice.updated", shown))


def ask(bill: Invoice) -> None:
    """Ask that it stand again."""
    with transaction():
        ask_for_schedule(bill, actor=SUPPORT, now=utc_now())


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A draft at Stripe with its schedule."""
    put(bill, a=100)
    syncer.sync(bill)
    return bill


def test_a_schedule_that_stands_is_not_called_off(synced: Invoice) -> None:
    assert not status_of(synced).is_unscheduled
    with pytest.raises(Conflict):
        ask(synced)


def test_one_that_a_person_switched_off_is_said(synced: Invoice, syncer: Syncer) -> None:
    switch_off(syncer, synced)
    assert status_of(synced).is_unscheduled
    syncer.sync(synced, verify=True)
    assert status_of(synced).is_unscheduled


def test_it_stands_again_once_somebody_asks(synced: Invoice, syncer: Syncer) -> None:
    before = synced.automatically_finalizes_at
    switch_off(syncer, synced)
    ask(synced)
    syncer.sync(synced)
    shown = invoice_json(syncer.simulator.url, str(synced.stripe_invoice_id))
    assert shown["auto_advance"] is True
    assert before is not None
    assert shown["automatically_finalizes_at"] == int(before.timestamp())
    assert not status_of(synced).is_unscheduled
    assert not synced.restores_schedule


def test_a_held_draft_is_not_called_unscheduled(synced: Invoice) -> None:
    with transaction():
        synced.parked_at, synced.parked_code = utc_now(), "test"
        synced.automatically_finalizes_at = None
    assert not status_of(synced).is_unscheduled


@pytest.mark.parametrize("is_off", [True, False])
def test_stripe_s_total_holds_a_foreign_line_whatever_its_schedule(
    synced: Invoice, syncer: Syncer, is_off: bool
) -> None:
    """Nothing is sent that a reply would show the total of, so it is read."""
    if is_off:
        switch_off(syncer, synced)
    add_foreign(syncer, synced, 50)
    for _ in range(2):
        syncer.sync(synced, verify=True)
        assert synced.stripe_total_cents == 150
    syncer.operations()
    syncer.sync(synced, verify=True)
    assert [call.split()[0] for call in syncer.operations()] == ["GET"]
