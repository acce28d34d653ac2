"""Name, e-mail and terms reach Stripe with the next sync, in one call each and only if changed."""

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.change import change_organization
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.events import invoice_json
from tests.support.stripe_dashboard import read
from tests.support.syncing import Syncer

CUSTOMER = "POST POST /v1/customers/{customer}"
TERMS = "POST POST /v1/invoices/{invoice}"
SENT = {"collection_method": "send_invoice", "days_until_due": 14}


def change(bill: Invoice, **wanted: object) -> None:
    """Change the organization."""
    with transaction():
        change_organization(bill.organization, wanted, now=utc_now(), actor=SUPPORT)


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill whose draft at Stripe agrees."""
    put(bill, a=4000)
    syncer.sync(bill)
    syncer.operations()
    return bill


def test_a_customer_is_told_its_new_name_and_address_in_one_call(
    synced: Invoice, syncer: Syncer
) -> None:
    change(synced, name="Acme Two", email="Money@acme.example")
    assert syncer.sync(synced).state == "succeeded"
    assert syncer.operations() == [CUSTOMER]
    said = read(syncer.simulator.url, f"customers/{synced.organization.stripe_customer_id}")
    assert (said["name"], said["email"]) == ("Acme Two", "money@acme.example")
    assert not synced.is_dirty
    syncer.operations()
    syncer.sync(synced)
    assert syncer.operations() == []


def test_a_change_back_before_the_sync_is_no_call(synced: Invoice, syncer: Syncer) -> None:
    change(synced, name="Acme Two")
    change(synced, name="Acme")
    syncer.sync(synced)
    assert syncer.operations() == []


def test_tags_are_never_sent(synced: Invoice, syncer: Syncer) -> None:
    change(synced, tags=["vip"])
    syncer.sync(synced)
    assert syncer.operations() == []


def test_a_customer_yet_to_be_made_has_the_new_name_from_the_start(
    bill: Invoice, syncer: Syncer
) -> None:
    change(bill, name="Acme Two", **SENT)
    put(bill, a=4000)
    syncer.sync(bill)
    assert not {CUSTOMER, TERMS} & set(syncer.operations())
    draft = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    assert (draft["customer_name"], draft["collection_method"]) == ("Acme Two", "send_invoice")


def test_the_open_draft_is_collected_as_decided_and_back(synced: Invoice, syncer: Syncer) -> None:
    change(synced, **SENT)
    syncer.sync(synced)
    assert syncer.operations() == [TERMS]
    draft = invoice_json(syncer.simulator.url, str(synced.stripe_invoice_id))
    assert (draft["collection_method"], draft["due_date"] is not None) == ("send_invoice", True)
    change(synced, collection_method="charge_automatically")
    syncer.operations()
    syncer.sync(synced)
    assert syncer.operations() == [TERMS]
    draft = invoice_json(syncer.simulator.url, str(synced.stripe_invoice_id))
    assert (draft["collection_method"], draft["due_date"]) == ("charge_automatically", None)


def test_an_invoice_of_an_ended_cycle_keeps_its_terms(synced: Invoice, syncer: Syncer) -> None:
    change(synced, **SENT)
    with transaction():
        seal_now(synced, now=utc_now())
    syncer.sync(synced, "final", verify=True)
    issued = invoice_json(syncer.simulator.url, str(synced.stripe_invoice_id))
    assert issued["collection_method"] == "charge_automatically"


def test_a_name_that_stripe_refuses_holds_the_invoice_with_its_words(
    synced: Invoice, syncer: Syncer
) -> None:
    rule = syncer.simulator.fault("error_before", "/v1/customers/cus_", method="POST", status=400)
    change(synced, name="Acme Two")
    assert syncer.sync(synced).state == "failed"
    assert synced.parked_code == "stripe_refused"
    syncer.simulator.delete(f"faults/{rule}")
    assert syncer.sync(synced).state == "succeeded"
    assert synced.parked_at is None
    assert synced.organization.agreed_customer == synced.organization.customer
