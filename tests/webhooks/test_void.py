"""Void and revised, as events tell it."""

from typing import Any

import pytest

from dashboard.billing.models import Invoice
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.webhooks.process import preview_replay
from tests.support import stripe_dashboard
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver
from tests.support.syncing import Syncer


def told(syncer: Syncer, stripe_id: str, kind: str, **facts: Any) -> dict[str, Any]:
    """Return an event about the invoice as it is at Stripe."""
    return event(kind, invoice_json(syncer.simulator.url, stripe_id) | facts)


def test_a_voided_event_opens_the_case_once(open_bill: Invoice, syncer: Syncer) -> None:
    stripe_id = str(open_bill.stripe_invoice_id)
    stripe_dashboard.void(syncer.simulator.url, stripe_id)
    for kind in ("invoice.updated", "invoice.voided", "invoice.voided"):
        deliver(syncer, told(syncer, stripe_id, kind))
    assert open_bill.status == "void"
    assert db.session.get_one(VoidCase, open_bill.id).cents == 4000


@pytest.mark.parametrize("tells_successor", [True, False])
def test_an_edited_invoice_is_billed_by_its_revision(
    open_bill: Invoice, syncer: Syncer, tells_successor: bool
) -> None:
    before = str(open_bill.stripe_invoice_id)
    number = open_bill.number
    revision = stripe_dashboard.edit(syncer.simulator.url, before)
    facts = {} if tells_successor else {"latest_revision": None}
    deliver(syncer, told(syncer, before, "invoice.voided", **facts))
    assert (open_bill.status, open_bill.stripe_invoice_id) == ("open", revision["id"])
    assert (open_bill.replaced_stripe_id, open_bill.replaced_number) == (before, number)
    assert open_bill.number == revision["number"]
    assert open_bill.parked_code is None
    assert db.session.get(VoidCase, open_bill.id) is None


def test_a_revision_is_paid_and_events_of_what_it_replaced_are_not_ours_any_more(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = str(open_bill.stripe_invoice_id)
    revision = stripe_dashboard.edit(syncer.simulator.url, before)
    deliver(syncer, told(syncer, before, "invoice.voided"))
    again = deliver(syncer, told(syncer, before, "invoice.voided"))
    paid = {"status": "paid", "amount_paid": 4000}
    deliver(syncer, told(syncer, revision["id"], "invoice.paid", **paid))
    assert (again.state, open_bill.status) == ("ignored", "paid")


def test_what_the_payment_of_the_old_bill_met_says_nothing_of_its_revision(
    open_bill: Invoice, syncer: Syncer
) -> None:
    with transaction():
        open_bill.payment_failure, open_bill.payment_failed_at = "Declined.", syncer.clock()
        open_bill.decline, open_bill.action_required_at = {"code": "x"}, syncer.clock()
    before = str(open_bill.stripe_invoice_id)
    stripe_dashboard.edit(syncer.simulator.url, before)
    deliver(syncer, told(syncer, before, "invoice.voided"))
    met = (open_bill.payment_failure, open_bill.payment_failed_at, open_bill.decline)
    assert (*met, open_bill.action_required_at) == (None, None, None, None)


def test_an_edited_uncollectible_invoice_stays_so_and_waits_for_nobody(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = str(open_bill.stripe_invoice_id)
    stripe_dashboard.act(syncer.simulator.url, f"invoices/{before}/mark_uncollectible")
    deliver(syncer, told(syncer, before, "invoice.marked_uncollectible"))
    revision = stripe_dashboard.edit(syncer.simulator.url, before)
    deliver(syncer, told(syncer, before, "invoice.voided"))
    deliver(syncer, told(syncer, revision["id"], "invoice.updated"))
    assert (open_bill.status, open_bill.stripe_status) == ("uncollectible", "open")
    assert (open_bill.stripe_invoice_id, open_bill.parked_reason) == (revision["id"], None)
    paid = {"status": "paid", "amount_paid": 4000}
    deliver(syncer, told(syncer, revision["id"], "invoice.paid", **paid))
    assert open_bill.status == "paid"


def test_a_revision_that_asks_for_something_else_is_parked(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = str(open_bill.stripe_invoice_id)
    stripe_dashboard.edit(syncer.simulator.url, before, more_cents=500)
    deliver(syncer, told(syncer, before, "invoice.voided"))
    assert (open_bill.status, open_bill.parked_code) == ("open", "revised_differently")
    assert "bills $45.00. The ledger says $40.00." in str(open_bill.parked_reason)
    assert open_bill.amount_due_cents == 4500


def test_a_revision_that_is_void_too_leaves_a_case(open_bill: Invoice, syncer: Syncer) -> None:
    before = str(open_bill.stripe_invoice_id)
    revision = stripe_dashboard.edit(syncer.simulator.url, before)
    stripe_dashboard.void(syncer.simulator.url, revision["id"])
    deliver(syncer, told(syncer, before, "invoice.voided"))
    assert open_bill.status == "void"
    assert db.session.get_one(VoidCase, open_bill.id).cents == 4000


def test_a_case_holds_what_a_revision_had_left_to_be_asked(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = str(open_bill.stripe_invoice_id)
    revision = stripe_dashboard.edit(syncer.simulator.url, before, more_cents=-100)
    deliver(syncer, told(syncer, before, "invoice.voided"))
    assert open_bill.parked_code == "revised_differently"
    stripe_dashboard.void(syncer.simulator.url, revision["id"])
    deliver(syncer, told(syncer, revision["id"], "invoice.voided"))
    case = db.session.get_one(VoidCase, open_bill.id)
    assert (case.cents, case.waived_cents, case.asked_cents) == (4000, 100, 3900)


def test_a_case_holds_what_a_credit_note_had_left_to_be_asked(
    open_bill: Invoice, syncer: Syncer
) -> None:
    stripe_id = str(open_bill.stripe_invoice_id)
    note = {"lines[0][type]": "custom_line_item", "lines[0][description]": "Goodwill",
            "lines[0][quantity]": 1, "lines[0][unit_amount]": 500}  # fmt: skip
    stripe_dashboard.act(syncer.simulator.url, "credit_notes", invoice=stripe_id, **note)
    stripe_dashboard.void(syncer.simulator.url, stripe_id)
    deliver(syncer, told(syncer, stripe_id, "invoice.voided"))
    case = db.session.get_one(VoidCase, open_bill.id)
    assert (case.cents, case.waived_cents, case.asked_cents) == (4000, 500, 3500)


def test_a_revision_of_another_customer_is_not_taken_for_ours(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = str(open_bill.stripe_invoice_id)
    stripe_dashboard.edit(syncer.simulator.url, before)
    with transaction():
        open_bill.organization.stripe_customer_id = "cus_of_ours"
    deliver(syncer, told(syncer, before, "invoice.voided") | {})
    assert (open_bill.status, open_bill.stripe_invoice_id) == ("open", before)
    assert open_bill.parked_code == "replaced_by_stranger"
    assert db.session.get(VoidCase, open_bill.id) is None


def test_replaying_a_void_is_previewed_without_a_case(open_bill: Invoice, syncer: Syncer) -> None:
    stripe_id = str(open_bill.stripe_invoice_id)
    stripe_dashboard.void(syncer.simulator.url, stripe_id)
    done = deliver(syncer, told(syncer, stripe_id, "invoice.finalized", status="open"))
    done.type, done.payload = "invoice.voided", told(syncer, stripe_id, "invoice.voided")
    said = preview_replay(done, gateway=syncer.gateway, now=syncer.clock())
    assert said == "The invoice went from open to void."
    db.session.rollback()
    assert db.session.get(VoidCase, open_bill.id) is None
