"""Stripe's own date of finalization: set on a draft, taken back while it must not be billed."""

import pytest

from dashboard.billing.models import Invoice
from tests.support.billing import put
from tests.support.sync_acts import add_foreign, decide, is_scheduled
from tests.support.syncing import Syncer


def test_the_dead_man_switch_is_set_on_the_draft(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=1)
    syncer.sync(bill)
    remote = syncer.gateway.invoice(str(bill.stripe_invoice_id))
    assert remote.auto_advance
    assert remote.automatically_finalizes_at == bill.automatically_finalizes_at
    assert remote.automatically_finalizes_at > bill.period_end


def test_a_draft_that_is_no_longer_parked_gets_its_dead_man_switch_back(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=1)
    syncer.sync(bill)
    rule = syncer.simulator.fault("error_before", "add_lines$", status=400)
    put(bill, b=1)
    syncer.sync(bill)
    assert (bill.parked_code, bill.automatically_finalizes_at) == ("stripe_refused", None)
    syncer.simulator.delete(f"faults/{rule}")
    run = syncer.sync(bill)
    assert (run.state, bill.parked_code) == ("succeeded", None)
    assert syncer.gateway.invoice(str(bill.stripe_invoice_id)).auto_advance


def test_stripe_does_not_finalize_an_open_draft_with_a_foreign_line_by_itself(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    add_foreign(syncer, bill)
    syncer.sync(bill, verify=True)
    decide(bill, "leave")
    syncer.sync(bill, verify=True)
    assert (bill.parked_code, is_scheduled(syncer, bill)) == (None, False)


@pytest.mark.parametrize("decision", ["take_ours", "adopt"])
def test_the_schedule_stands_again_once_the_line_is_decided(
    bill: Invoice, syncer: Syncer, decision: str
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    add_foreign(syncer, bill)
    syncer.sync(bill, verify=True)
    decide(bill, decision)
    syncer.sync(bill)
    assert is_scheduled(syncer, bill)


def test_a_schedule_that_a_person_switched_off_at_stripe_stays_off(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    syncer.gateway.schedule_finalization(str(bill.stripe_invoice_id), None, key="somebody")
    put(bill, a=200)
    syncer.sync(bill, verify=True)
    syncer.sync(bill, verify=True)
    assert (bill.automatically_finalizes_at, is_scheduled(syncer, bill)) == (None, False)
