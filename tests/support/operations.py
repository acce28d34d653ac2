"""The calls that a sync can make, each with a bill whose next run makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import requests

from dashboard.audit.actor import SYSTEM
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.revision import touch
from dashboard.billing.subscription import take_theirs
from dashboard.clock import utc_now
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.organizations.change import change_organization
from dashboard.transaction import transaction
from tests.support.billing import drop, put
from tests.support.simulator import API_KEY
from tests.support.subscriptions import priced
from tests.support.syncing import Syncer
from tests.support.taxed import is_in_berlin, taxed_as


@dataclass(frozen=True)
class Operation:
    """A call a sync can make: how it is known, and the bill whose next run makes it."""

    step: str
    endpoint: str
    path: str
    prepare: Callable[[Invoice, Syncer], str]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.endpoint.split()[0]


def _new(bill: Invoice, _syncer: Syncer) -> str:
    put(bill, a=4000, b=200)
    return "support"


def _known(bill: Invoice, syncer: Syncer) -> str:
    draft = CustomerDraft(str(bill.organization_id), "Acme", bill.organization.email)
    customer = syncer.gateway.create_customer(draft, key=f"earlier-{bill.organization_id}")
    with transaction():
        bill.organization.stripe_customer_id = customer.id
        bill.organization.agreed_customer = bill.organization.customer
    return _new(bill, syncer)


def _renamed(bill: Invoice, syncer: Syncer) -> str:
    wanted = {"name": "Acme Two", "address": {"country": "DE"}, "tax_exempt": "reverse"}
    put(bill, a=4000, b=200)
    syncer.sync(bill)
    put(bill, a=4100)
    with transaction():
        change_organization(bill.organization, wanted, actor=SYSTEM, now=utc_now())
    return "support"


def _sent_instead(bill: Invoice, syncer: Syncer) -> str:
    put(bill, a=4000, b=200)
    syncer.sync(bill)
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    with transaction():
        change_organization(bill.organization, terms, actor=SYSTEM, now=utc_now())
    return "support"


def _taxed(bill: Invoice, syncer: Syncer) -> str:
    with transaction():
        bill.automatic_tax = True
    _new(bill, syncer)
    with taxed_as():
        syncer.sync(bill)
    is_in_berlin(bill, syncer)
    with transaction():
        bill.automatic_tax = False
        touch(bill, now=utc_now())
    return "support"


def _more(bill: Invoice, syncer: Syncer) -> str:
    put(bill, a=4000)
    syncer.sync(bill)
    put(bill, b=200)
    return "support"


def _changed(bill: Invoice, syncer: Syncer) -> str:
    put(bill, a=4000, b=100)
    syncer.sync(bill)
    put(bill, b=200)
    return "support"


def _less(bill: Invoice, syncer: Syncer) -> str:
    put(bill, a=4000, b=100, c=200)
    syncer.sync(bill)
    drop(bill, "b")
    return "support"


def _unparked(bill: Invoice, syncer: Syncer) -> str:
    _new(bill, syncer)
    syncer.sync(bill)
    stripe_id = str(bill.stripe_invoice_id)
    syncer.gateway.schedule_finalization(stripe_id, None, key=f"hold-{stripe_id}")
    with transaction():
        bill.automatically_finalizes_at = None
        put_on_hold(bill, "test", "Held by a test.", now=utc_now())
    return "support"


def _sealed(bill: Invoice, syncer: Syncer) -> str:
    _new(bill, syncer)
    syncer.sync(bill)
    with transaction():
        seal_now(bill, now=bill.period_end)
    return "final"


def _emptied(bill: Invoice, syncer: Syncer) -> str:
    put(bill, a=4000)
    syncer.sync(bill)
    drop(bill, "a")
    with transaction():
        seal_now(bill, now=bill.period_end)
    return "final"


def _taken(bill: Invoice, syncer: Syncer) -> str:
    """Let the bill take the invoice of a renewal, before Stripe is told."""
    _known(bill, syncer)
    customer = str(bill.organization.stripe_customer_id)
    made = requests.post(
        f"{syncer.simulator.url}/v1/subscriptions",
        data={"customer": customer, **priced(9900)},
        auth=(API_KEY, ""),
        timeout=5,
    ).json()
    renewal = syncer.simulator.post(f"subscriptions/{made['id']}/renewal")
    with transaction():
        take_theirs(bill, syncer.gateway.invoice(renewal["id"]), now=utc_now())
    return "support"


def _taken_for_nothing(bill: Invoice, syncer: Syncer) -> str:
    _taken(bill, syncer)
    syncer.sync(bill)
    drop(bill, "a", "b")
    syncer.sync(bill)
    with transaction():
        seal_now(bill, now=utc_now())
    return "final"


OPERATIONS = {
    "create customer": Operation("create_customer", "POST customers", "/v1/customers$", _new),
    "update customer": Operation(
        "update_customer", "POST customer", "/v1/customers/cus_[^/]+$", _renamed
    ),
    "create draft": Operation("create_invoice", "POST invoices", "/v1/invoices$", _known),
    "set terms": Operation("set_terms", "POST invoice", "/v1/invoices/in_[^/]+$", _sent_instead),
    "set tax": Operation("set_tax", "POST invoice", "/v1/invoices/in_[^/]+$", _taxed),
    "add lines": Operation("add_lines", "POST add_lines", "add_lines$", _more),
    "update lines": Operation("update_lines", "POST update_lines", "update_lines$", _changed),
    "remove lines": Operation("remove_lines", "POST remove_lines", "remove_lines$", _less),
    "schedule": Operation("schedule", "POST invoice", "/v1/invoices/in_[^/]+$", _unparked),
    "finalize": Operation("finalize", "POST finalize", "finalize$", _sealed),
    "delete draft": Operation(
        "delete_invoice", "DELETE invoice", "/v1/invoices/in_[^/]+$", _emptied
    ),
    "claim draft": Operation("claim_draft", "POST invoice", "/v1/invoices/in_[^/]+$", _taken),
    "give draft back": Operation(
        "give_back_draft", "POST invoice", "/v1/invoices/in_[^/]+$", _taken_for_nothing
    ),
}
