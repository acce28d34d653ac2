"""A bill with automatic tax, from the switch to its end, against the simulator."""

import pytest
from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.invariants.look import look_at
from dashboard.money import Money
from dashboard.reading.line_syncs import line_syncs
from dashboard.recount.look import recount
from dashboard.sync.models import SyncStep
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import items_of, put
from tests.support.stripe_dashboard import act
from tests.support.sync_acts import add_foreign, close, decide, seal
from tests.support.syncing import Syncer
from tests.support.taxed import at_stripe, broken, is_in_berlin, switch

TAX = "POST POST /v1/invoices/{invoice}"
pytestmark = pytest.mark.usefixtures("tax_product")


def test_the_switch_lowers_lines_at_stripe_first_and_then_has_tax_worked_out(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    assert syncer.sync(taxed).state == "succeeded"
    assert syncer.lines(taxed) == {"recurring:1": 2500, "metered:1": 9000}
    assert (taxed.total_cents, taxed.stripe_total_cents) == (11_500, 11_500)
    assert (taxed.stripe_automatic_tax, taxed.stripe_tax_status) == (True, "complete")
    said = at_stripe(taxed, syncer)
    assert said["total"] == 11_500 + 475 + 1710
    calls = [one.rsplit("/", 1)[-1] for one in syncer.operations() if one.startswith("POST")]
    assert calls[:3] == ["remove_lines", "update_lines", "{invoice}"]


def test_a_sync_without_a_change_sends_nothing(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.sync(taxed)
    syncer.operations()
    syncer.sync(taxed)
    assert syncer.operations() == []
    syncer.sync(taxed, verify=True)
    assert [one for one in syncer.operations() if one.startswith("POST")] == []


def test_a_taxed_bill_is_issued_with_its_tax_beside_the_ledgers_total(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    seal(taxed)
    assert close(taxed, syncer).state == "succeeded"
    assert (taxed.status, taxed.parked_code) == ("open", None)
    assert (taxed.stripe_total_cents, taxed.tax_cents) == (11_500, 2185)
    assert taxed.amount_due_cents == 13_685
    assert taxed.taxes == [{"cents": 2185, "reason": "standard_rated", "taxable_cents": 11_500}]


def test_a_new_draft_is_taxed_from_the_beginning(bill: Invoice, syncer: Syncer) -> None:
    switch(bill)
    put(bill, **{"recurring:1": 4000, "adjustment:901": -1500})
    syncer.sync(bill)
    assert (bill.stripe_automatic_tax, syncer.lines(bill)) == (True, {"recurring:1": 2500})
    assert TAX not in syncer.operations()


def test_switched_off_the_credit_is_a_line_again(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.sync(taxed)
    syncer.operations()
    switch(taxed, is_on=False)
    assert syncer.sync(taxed).state == "succeeded"
    assert syncer.lines(taxed) == {"recurring:1": 4000, "metered:1": 9000, "adjustment:901": -1500}
    assert taxed.stripe_automatic_tax is False
    assert syncer.operations()[0] == TAX
    seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.tax_cents) == ("open", 0)


def test_credits_beyond_the_charges_are_carried_to_the_next_bill_once(
    taxed: Invoice, syncer: Syncer
) -> None:
    put(taxed, **{"adjustment:901": -20_000})
    switch(taxed)
    syncer.sync(taxed)
    assert (taxed.total_cents, taxed.stripe_total_cents) == (-7000, 0)
    states = {one.key: line_syncs(taxed, [one])[one.id].state for one in items_of(taxed)}
    assert (states["adjustment:901"], states["metered:1"]) == ("waits", "in_sync")
    assert broken(taxed) == set()
    following = seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.total_cents, taxed.stripe_total_cents) == ("paid", 0, 0)
    carried = {one.key: one.amount_cents for one in items_of(following)}
    [credit] = [one for one in items_of(taxed) if one.key == "adjustment:901"]
    assert carried == {f"carry:{credit.id}": -7000}
    assert (credit.amount_cents, credit.carried_cents) == (-20_000, -7000)
    assert broken(taxed) == set()
    assert following.automatic_tax
    put(following, **{"recurring:1": 10_000})
    syncer.sync(following)
    assert syncer.lines(following) == {"recurring:1": 3000}


def test_real_credits_that_wait_are_facts_that_add_up(bill: Invoice, syncer: Syncer) -> None:
    switch(bill)
    for cents in (1000, -1500):
        with transaction():
            add_adjustment(
                bill, Money(cents, "usd"), description="Once", reason="Asked",
                key=f"once{cents}", actor=SUPPORT, now=utc_now(),
            )  # fmt: skip
    syncer.sync(bill)
    assert look_at([bill.organization_id], now=utc_now()) == []
    following = seal(bill)
    is_in_berlin(bill, syncer)
    close(bill, syncer)
    assert (bill.status, bill.total_cents) == ("paid", 0)
    assert [one.amount_cents for one in items_of(following)] == [-500]
    assert look_at([bill.organization_id], now=utc_now()) == []
    assert not recount(bill.organization_id).differences


def test_credits_alone_make_no_bill_at_stripe_and_wait(bill: Invoice, syncer: Syncer) -> None:
    switch(bill)
    put(bill, **{"adjustment:901": -500})
    following = seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.total_cents, bill.stripe_invoice_id) == ("paid", 0, None)
    assert [one.amount_cents for one in items_of(following)] == [-500]


def test_stripe_finalizing_first_carries_the_rest_as_well(taxed: Invoice, syncer: Syncer) -> None:
    put(taxed, **{"adjustment:901": -20_000})
    switch(taxed)
    syncer.sync(taxed)
    act(syncer.simulator.url, f"invoices/{taxed.stripe_invoice_id}/finalize")
    following = seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.total_cents) == ("paid", 0)
    assert [one.amount_cents for one in items_of(following)] == [-7000]
    assert broken(taxed) == set()


def test_without_a_location_the_bill_is_held_until_the_address_is_right(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    switch(bill)
    syncer.sync(bill)
    assert bill.stripe_tax_status == "requires_location_inputs"
    seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.parked_code) == ("sealed", "no_tax_location")
    assert "address" in str(bill.parked_reason)
    is_in_berlin(bill, syncer)
    close(bill, syncer)
    assert (bill.status, bill.parked_code, bill.tax_cents) == ("open", None, 760)


def test_tax_that_a_person_switched_on_at_stripe_is_not_undone(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    syncer.sync(bill)
    is_in_berlin(bill, syncer)
    stripe_id = bill.stripe_invoice_id
    act(syncer.simulator.url, f"invoices/{stripe_id}", **{"automatic_tax[enabled]": "true"})
    seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.stripe_total_cents, bill.tax_cents) == ("open", 4000, 760)


def test_tax_that_a_person_switched_off_at_stripe_holds_the_bill_until_a_sync_is_asked_for(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    stripe_id = taxed.stripe_invoice_id
    act(syncer.simulator.url, f"invoices/{stripe_id}", **{"automatic_tax[enabled]": "false"})
    seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.parked_code) == ("sealed", "tax_differs")
    close(taxed, syncer)
    assert (taxed.status, taxed.tax_cents) == ("open", 2185)


def test_a_line_below_zero_added_at_stripe_waits_for_a_person_and_costs_no_calls(
    taxed: Invoice, syncer: Syncer
) -> None:
    add_foreign(syncer, taxed, -300)
    syncer.sync(taxed, verify=True)
    switch(taxed)
    syncer.sync(taxed)
    assert taxed.stripe_automatic_tax is False
    syncer.operations()
    syncer.sync(taxed)
    assert syncer.operations() == []
    decide(taxed, "adopt")
    syncer.sync(taxed, verify=True)
    assert taxed.stripe_automatic_tax is True
    assert syncer.lines(taxed) == {"recurring:1": 2200, "metered:1": 9000}


def test_prices_with_the_tax_within_are_never_issued(
    taxed: Invoice, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncer.simulator.post("tax", behavior="inclusive")
    switch(taxed)
    # As if lines were sent as plain amounts, which are taxed as the account's settings say.
    monkeypatch.setattr("dashboard.sync.snapshot.Taxed", lambda *_told: None)
    syncer.sync(taxed)
    seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.parked_code) == ("sealed", "total_differs")


def test_lines_are_sent_with_the_tax_on_top_whatever_the_account_says(
    taxed: Invoice, syncer: Syncer
) -> None:
    syncer.simulator.post("tax", behavior="inclusive")
    switch(taxed)
    seal(taxed)
    close(taxed, syncer)
    assert (taxed.status, taxed.stripe_total_cents, taxed.tax_cents) == ("open", 11_500, 2185)


def test_a_call_that_broke_off_is_seen_and_not_made_twice(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.simulator.fault("drop_after", "/v1/invoices/in_[^/]+$", method="POST", times=1)
    syncer.operations()
    syncer.sync(taxed)
    query = select(SyncStep.operation).where(
        SyncStep.invoice_id == taxed.id, SyncStep.operation == "set_tax"
    )
    assert len(db.session.scalars(query).all()) == 1
    assert taxed.agreed_tax is True
    assert taxed.stripe_automatic_tax is True
    assert syncer.lines(taxed) == {"recurring:1": 2500, "metered:1": 9000}
