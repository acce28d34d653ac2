"""A taxed bill whose draft people and Stripe change meanwhile: no bill leaves that is wrong."""

import pytest
from sqlalchemy import update

from dashboard.billing.current import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import LEFT_UNTAXED
from dashboard.extensions import db
from dashboard.sync.models import SyncStep
from dashboard.transaction import transaction
from tests.support.billing import items_of, put
from tests.support.stripe_dashboard import act
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer
from tests.support.taxed import at_stripe, switch, taxed_as

pytestmark = pytest.mark.usefixtures("tax_product")
UPDATE = "POST update_lines"


def set_tax_there(bill: Invoice, syncer: Syncer, *, is_on: bool) -> None:
    """Switch the draft's tax as a person in Stripe's dashboard would."""
    word = "true" if is_on else "false"
    stripe_id = bill.stripe_invoice_id
    act(syncer.simulator.url, f"invoices/{stripe_id}", **{"automatic_tax[enabled]": word})


def finalize_there(bill: Invoice, syncer: Syncer) -> None:
    """Issue the draft as Stripe's own schedule would, and have the ledger told."""
    act(syncer.simulator.url, f"invoices/{bill.stripe_invoice_id}/finalize")
    with transaction():
        bill.stripe_status = "open"


def posts(syncer: Syncer) -> list[str]:
    """Return the calls that change something, by the ends of their names."""
    calls = [one.rsplit("/", 1)[-1] for one in syncer.operations() if one.startswith("POST")]
    return ["set" if one == "{invoice}" else one for one in calls]


def test_tax_that_was_on_there_first_is_sent_as_ours_and_can_be_switched_off(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    syncer.sync(bill)
    set_tax_there(bill, syncer, is_on=True)
    syncer.sync(bill, verify=True)
    with transaction():
        bill.stripe_automatic_tax = True
    syncer.operations()
    switch(bill)
    syncer.sync(bill)
    assert posts(syncer) == ["update_lines", "set"]
    assert bill.agreed_tax is True
    syncer.sync(bill)
    assert posts(syncer) == []
    switch(bill, is_on=False)
    syncer.sync(bill)
    assert (bill.stripe_automatic_tax, bill.agreed_tax) == (False, False)


def test_a_taxed_bill_that_stripe_issues_first_without_tax_is_held(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    set_tax_there(taxed, syncer, is_on=False)
    finalize_there(taxed, syncer)
    syncer.sync(taxed)
    assert (taxed.status, taxed.tax_cents) == ("open", 0)
    assert taxed.parked_code == LEFT_UNTAXED
    assert "without tax" in str(taxed.parked_reason)


def test_one_whose_switch_stripe_never_heard_of_is_held_as_well(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    finalize_there(taxed, syncer)
    syncer.sync(taxed)
    assert (taxed.status, taxed.parked_code) == ("open", LEFT_UNTAXED)


def test_a_bill_with_its_tax_is_not_held(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.sync(taxed)
    finalize_there(taxed, syncer)
    syncer.sync(taxed)
    assert (taxed.status, taxed.parked_code, taxed.tax_cents) == ("open", None, 2185)


@pytest.mark.parametrize("is_read_back", [False, True])
def test_a_credit_whose_reply_was_lost_is_given_once(
    taxed: Invoice, syncer: Syncer, is_read_back: bool
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    put(taxed, **{"adjustment:902": -700})
    rule = syncer.simulator.fault("drop_after", "update_lines$")
    assert syncer.sync(taxed).state == "retrying"
    syncer.simulator.delete(f"faults/{rule}")
    assert at_stripe(taxed, syncer)["subtotal"] == 10_800
    if is_read_back:
        # As a step is that was ended, with what it did never written down.
        with transaction():
            open_steps = update(SyncStep).where(SyncStep.invoice_id == taxed.id)
            db.session.execute(open_steps.values(outcome="refused"))
    finalize_there(taxed, syncer)
    syncer.sync(taxed)
    following = current_invoice(taxed.organization)
    assert taxed.status == "open"
    carried = [one.amount_cents for one in items_of(following)]
    assert sum(carried) == 0
    assert taxed.total_cents == taxed.stripe_total_cents == 10_800
    if not is_read_back:
        assert carried == []


def test_tax_switched_off_there_is_seen_by_a_verifying_sync_and_switched_on_again(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    set_tax_there(taxed, syncer, is_on=False)
    syncer.operations()
    syncer.sync(taxed, verify=True)
    assert posts(syncer) == ["update_lines", "set"]
    assert at_stripe(taxed, syncer)["automatic_tax"]["enabled"] is True


def test_an_address_that_was_corrected_there_is_seen_by_a_verifying_sync(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    switch(bill)
    syncer.sync(bill)
    assert bill.stripe_tax_status == "requires_location_inputs"
    act(
        syncer.simulator.url,
        f"customers/{bill.organization.stripe_customer_id}",
        **{"address[country]": "DE", "address[city]": "Berlin"},
    )
    syncer.sync(bill, verify=True)
    assert bill.stripe_tax_status == "complete"


def test_tax_that_failed_is_tried_again_and_waits_for_no_person(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    syncer.simulator.post("tax", fails=True)
    seal(taxed)
    run = close(taxed, syncer)
    assert (run.state, run.error_code, taxed.parked_code) == ("retrying", "tax_not_ready", None)
    syncer.simulator.post("tax", fails=False)
    assert syncer.carry_out(run).state == "succeeded"
    assert (taxed.status, taxed.tax_cents) == ("open", 2185)


def test_without_a_product_nothing_is_sent_and_no_bill_leaves(
    taxed: Invoice, syncer: Syncer
) -> None:
    switch(taxed)
    syncer.sync(taxed)
    syncer.operations()
    put(taxed, **{"recurring:2": 100})
    with taxed_as(""):
        run = syncer.sync(taxed)
        assert (run.state, run.error_code) == ("retrying", "no_tax_product")
        assert "STRIPE_TAX_PRODUCT" in str(run.error)
    assert posts(syncer) == []
    assert syncer.carry_out(run).state == "succeeded"
    assert syncer.lines(taxed)["recurring:2"] == 100


def test_a_sealed_bill_waits_for_the_product(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.sync(taxed)
    seal(taxed)
    with taxed_as(""):
        run = close(taxed, syncer)
    assert (run.error_code, taxed.status) == ("no_tax_product", "sealed")
    syncer.carry_out(run)
    assert (taxed.status, taxed.tax_cents) == ("open", 2185)


def test_another_product_has_every_line_sent_as_it(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    syncer.sync(taxed)
    assert taxed.agreed_tax_product == "prod_billing"
    syncer.operations()
    with taxed_as("prod_other"):
        syncer.sync(taxed)
        assert posts(syncer) == ["update_lines", "set"]
        assert taxed.agreed_tax_product == "prod_other"
        syncer.sync(taxed, verify=True)
    assert posts(syncer) == []


def test_a_draft_that_begins_taxed_keeps_its_product(bill: Invoice, syncer: Syncer) -> None:
    switch(bill)
    put(bill, **{"recurring:1": 4000})
    syncer.sync(bill)
    assert (bill.agreed_tax, bill.agreed_tax_product) == (True, "prod_billing")
    syncer.operations()
    put(bill, **{"recurring:1": 4100})
    syncer.sync(bill)
    assert posts(syncer) == ["update_lines"]


def test_a_worker_that_ends_between_the_carry_and_the_issue_carries_once(
    taxed: Invoice, syncer: Syncer
) -> None:
    put(taxed, **{"adjustment:901": -20_000})
    switch(taxed)
    syncer.sync(taxed)
    following = seal(taxed)
    rule = syncer.simulator.fault("rate_limit", "finalize$")
    run = close(taxed, syncer)
    assert (run.state, taxed.status, taxed.total_cents) == ("retrying", "sealed", 0)
    syncer.simulator.delete(f"faults/{rule}")
    assert syncer.carry_out(run).state == "succeeded"
    assert [one.amount_cents for one in items_of(following)] == [-7000]


def test_the_call_of_the_switch_is_planned_too(taxed: Invoice, syncer: Syncer) -> None:
    switch(taxed)
    run = syncer.sync(taxed)
    assert (run.calls_planned, run.calls_made) == (3, 3)
    switch(taxed, is_on=False)
    run = syncer.sync(taxed)
    assert run.calls_planned == run.calls_made == 3
