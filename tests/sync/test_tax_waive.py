"""A bill that cannot have its tax goes without, where a person says so."""

import pytest

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import LEFT_UNTAXED
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.sync.models import SyncRun
from dashboard.sync.tax_waive import held_for_tax, waive_tax
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import items_of, put
from tests.support.stripe_dashboard import act
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer
from tests.support.taxed import broken, switch

pytestmark = pytest.mark.usefixtures("tax_product")


def waive(bill: Invoice) -> SyncRun | None:
    """Let it go without tax as support would."""
    with transaction():
        return waive_tax(bill, reason="They are exempt", actor=SUPPORT, now=utc_now())


def test_a_bill_without_a_location_is_issued_without_tax(bill: Invoice, syncer: Syncer) -> None:
    put(bill, **{"recurring:1": 4000, "adjustment:901": -1500})
    switch(bill)
    syncer.sync(bill)
    following = seal(bill)
    close(bill, syncer)
    assert bill.parked_code == "no_tax_location"
    assert held_for_tax(bill.organization_id) == [bill]
    run = waive(bill)
    assert run is not None
    assert waive(bill) is None
    syncer.carry_out(run)
    assert (bill.status, bill.tax_cents, bill.stripe_total_cents) == ("open", 0, 2500)
    assert bill.parked_code is None
    assert following.automatic_tax
    assert broken(bill) == set()


def test_credits_that_were_carried_before_are_carried_once(bill: Invoice, syncer: Syncer) -> None:
    put(bill, **{"recurring:1": 1000, "recurring:2": 500, "adjustment:901": -1200})
    switch(bill)
    syncer.sync(bill)
    following = seal(bill)
    close(bill, syncer)
    waive(bill)
    close(bill, syncer)
    assert (bill.status, bill.stripe_total_cents) == ("open", 300)
    assert [one.amount_cents for one in items_of(following)] == []


def test_one_that_stripe_issued_without_is_left_as_it_is(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    act(syncer.simulator.url, f"invoices/{taxed.stripe_invoice_id}/finalize")
    with transaction():
        taxed.stripe_status = "open"
    syncer.sync(taxed)
    assert taxed.parked_code == LEFT_UNTAXED
    assert waive(taxed) is None
    assert (taxed.status, taxed.parked_code, taxed.automatic_tax) == ("open", None, False)


def test_a_bill_that_is_not_held_for_it_is_refused(taxed: Invoice) -> None:
    switch(taxed)
    with pytest.raises(Conflict, match="not held for its tax"):
        waive(taxed)
    assert taxed.automatic_tax
