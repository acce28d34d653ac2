"""Address and exemption reach Stripe with the next sync, only once they were set here."""

from typing import Any

import pytest

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.change import send_ours, take_theirs
from dashboard.sync.change_details import change_details
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver
from tests.support.stripe_dashboard import act, read
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer
from tests.support.taxed import switch

CUSTOMER = "POST POST /v1/customers/{customer}"
BERLIN = {"line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}


def change(bill: Invoice, **wanted: object) -> list[SyncRun]:
    """Change the organization as support would."""
    with transaction():
        return list(change_details(bill.organization, wanted, now=utc_now(), actor=SUPPORT))


def customer(bill: Invoice, syncer: Syncer) -> dict[str, Any]:
    """Return the customer as Stripe has it, its address without what is empty."""
    shown = read(syncer.simulator.url, f"customers/{bill.organization.stripe_customer_id}")
    parts = (shown["address"] or {}).items()
    return shown | {"address": {name: said for name, said in parts if said}}


def edited(bill: Invoice, syncer: Syncer, **said: str) -> None:
    """Change the customer in Stripe's dashboard, which sends an event."""
    path = f"customers/{bill.organization.stripe_customer_id}"
    deliver(syncer, event("customer.updated", act(syncer.simulator.url, path, **said)))


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill whose draft at Stripe agrees, its customer at an address that is kept there."""
    put(bill, **{"recurring:1": 4000})
    syncer.sync(bill)
    act(
        syncer.simulator.url,
        f"customers/{bill.organization.stripe_customer_id}",
        **{"address[country]": "FR", "address[state]": "Bretagne"},
    )
    syncer.operations()
    return bill


def test_what_was_never_set_here_stays_as_stripe_has_it(synced: Invoice, syncer: Syncer) -> None:
    change(synced, name="Acme Two")
    syncer.sync(synced)
    shown = customer(synced, syncer)
    assert (shown["name"], shown["address"]["country"]) == ("Acme Two", "FR")
    edited(synced, syncer, **{"address[country]": "DE", "tax_exempt": "exempt"})
    assert synced.organization.customer_at_stripe is None


def test_an_address_is_written_over_the_whole_of_stripes_in_one_call(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, address=BERLIN, tax_exempt="reverse")
    syncer.sync(synced)
    assert synced.parked_reason is None
    assert syncer.operations() == [CUSTOMER]
    shown = customer(synced, syncer)
    assert (shown["address"], shown["tax_exempt"]) == (BERLIN, "reverse")
    syncer.operations()
    syncer.sync(synced)
    assert syncer.operations() == []
    change(synced, address=None, tax_exempt=None)
    syncer.sync(synced)
    assert syncer.operations() == []
    assert customer(synced, syncer)["address"] == BERLIN


def test_a_customer_yet_to_be_made_has_them_from_the_start(bill: Invoice, syncer: Syncer) -> None:
    change(bill, address=BERLIN, tax_exempt="exempt")
    put(bill, a=4000)
    syncer.sync(bill)
    assert CUSTOMER not in syncer.operations()
    shown = customer(bill, syncer)
    assert (shown["address"], shown["tax_exempt"]) == (BERLIN, "exempt")
    assert bill.organization.agreed_customer == bill.organization.customer


def test_an_event_of_before_the_address_was_sent_is_no_difference(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, address=BERLIN)
    edited(synced, syncer, phone="1")
    assert synced.organization.customer_at_stripe is None


def test_an_address_changed_at_stripe_waits_for_a_person(synced: Invoice, syncer: Syncer) -> None:
    change(synced, address=BERLIN)
    syncer.sync(synced)
    edited(synced, syncer, **{"address[country]": "FR"})
    theirs = synced.organization.customer_at_stripe or {}
    assert theirs["address"] == {"country": "FR"}
    with transaction():
        send_ours(synced.organization, now=utc_now(), actor=SUPPORT)
    syncer.sync(synced)
    assert customer(synced, syncer)["address"] == BERLIN
    edited(synced, syncer, **{"address[country]": "FR"})
    with transaction():
        take_theirs(synced.organization, now=utc_now(), actor=SUPPORT)
    assert synced.organization.address == {"country": "FR"}
    syncer.operations()
    syncer.sync(synced)
    assert syncer.operations() == []


def test_an_address_that_was_removed_at_stripe_and_taken_is_left_to_stripe(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, address=BERLIN)
    syncer.sync(synced)
    edited(synced, syncer, address="")
    with transaction():
        take_theirs(synced.organization, now=utc_now(), actor=SUPPORT)
    assert synced.organization.address is None
    assert synced.organization.agreed_customer == synced.organization.customer


def test_a_reply_that_was_lost_is_seen_by_reading_the_customer(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, address=BERLIN)
    syncer.simulator.fault("error_after", "/v1/customers/cus_", method="POST", status=500, times=1)
    syncer.sync(synced)
    syncer.sync(synced)
    assert customer(synced, syncer)["address"] == BERLIN
    assert synced.organization.agreed_customer == synced.organization.customer


@pytest.mark.usefixtures("tax_product")
def test_a_bill_that_is_held_for_want_of_an_address_is_tried_again_with_it(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    switch(bill)
    syncer.sync(bill)
    seal(bill)
    close(bill, syncer)
    assert bill.parked_code == "no_tax_location"
    assert change(bill, name="Acme Two") == []
    [run] = change(bill, address=BERLIN)
    assert change(bill, address=BERLIN) == []
    syncer.carry_out(run)
    assert (bill.status, bill.parked_at, bill.tax_cents) == ("open", None, 760)


@pytest.mark.usefixtures("tax_product")
def test_reverse_charge_asks_for_no_tax_and_stays_with_the_bill(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{"recurring:1": 4000})
    switch(bill)
    change(bill, address=BERLIN, tax_exempt="reverse")
    syncer.sync(bill)
    seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.tax_cents) == ("open", 0)
    assert (bill.billed_to or {})["tax_exempt"] == "reverse"
    assert invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))["total"] == 4000


def test_what_was_changed_at_stripe_before_ours_was_sent_waits_for_a_person(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, address=BERLIN)
    syncer.sync(synced)
    change(synced, address=BERLIN | {"line1": "Unter den Linden 2"})
    edited(synced, syncer, **{"address[line1]": "Pariser Platz 1"})
    syncer.operations()
    syncer.sync(synced)
    assert CUSTOMER not in syncer.operations()
    assert customer(synced, syncer)["address"]["line1"] == "Pariser Platz 1"
    with transaction():
        send_ours(synced.organization, now=utc_now(), actor=SUPPORT)
    syncer.sync(synced)
    assert customer(synced, syncer)["address"]["line1"] == "Unter den Linden 2"
