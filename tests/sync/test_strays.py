"""A line of ours that somebody unassigned does not wait for another invoice to sweep it up."""

from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from tests.support.billing import drop, put
from tests.support.money import client_of
from tests.support.syncing import Syncer


def unassign(syncer: Syncer, bill: Invoice, key: str) -> None:
    """Take a line off the draft as a person can: its item stays the customer's, pending."""
    line = next(one for one in syncer.gateway.lines(str(bill.stripe_invoice_id)) if one.key == key)
    client_of(syncer).invoices.remove_lines(
        str(bill.stripe_invoice_id), {"lines": [{"id": line.id, "behavior": "unassign"}]}
    )


def pending(syncer: Syncer, bill: Invoice) -> list[str]:
    """Return the items that the next invoice of the customer may sweep up."""
    customer = str(bill.organization.stripe_customer_id)
    found = client_of(syncer).invoice_items.list({"customer": customer, "pending": True})
    return [item.id for item in found.data]


def test_an_unassigned_line_is_put_back_and_what_was_left_of_it_removed(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    unassign(syncer, bill, "b")
    assert len(pending(syncer, bill)) == 1
    run = syncer.sync(bill, verify=True)
    assert (syncer.lines(bill), pending(syncer, bill)) == ({"a": 100, "b": 200}, [])
    assert [(one["state"], one["key"]) for one in run.findings] == [("unassigned", "b")]
    entry = db.session.scalars(select(AuditEntry).filter_by(action="invoice.stray_removed")).one()
    assert entry.facts["amount_cents"] == 200


def test_one_that_the_ledger_no_longer_bills_is_removed_too(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    unassign(syncer, bill, "b")
    drop(bill, "b")
    syncer.sync(bill, verify=True)
    assert (syncer.lines(bill), pending(syncer, bill)) == ({"a": 100}, [])


def test_items_that_are_not_ours_stay_pending(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    customer = str(bill.organization.stripe_customer_id)
    theirs = client_of(syncer).invoice_items.create(
        {"customer": customer, "amount": 5, "currency": "usd"}
    )
    unassign(syncer, bill, "b")
    syncer.sync(bill, verify=True)
    assert pending(syncer, bill) == [theirs.id]


def test_nothing_is_asked_while_no_line_is_missing(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    syncer.operations()
    syncer.sync(bill, verify=True)
    assert [call for call in syncer.operations() if "invoiceitems" in call] == []
