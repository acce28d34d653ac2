"""Invoices that nobody told us of for long are read again, each in its turn."""

from datetime import datetime, timedelta

import pytest

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.models import SyncRun
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.reread import longest_unread, reread
from tests.support import stripe_dashboard
from tests.support.billing import make_bill, put
from tests.support.inbox import on_record
from tests.support.sync_acts import close, pay, seal
from tests.support.syncing import Syncer

NOW = utc_now() + timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("db")


def opened(syncer: Syncer, slug: str) -> Invoice:
    """Return a bill that waits to be paid."""
    bill = make_bill(slug)
    put(bill, a=4000)
    syncer.sync(bill)
    seal(bill)
    close(bill, syncer)
    return bill


def read(bill: Invoice, syncer: Syncer, now: datetime | None = None) -> SyncRun | None:
    """Read one bill again."""
    with transaction():
        return reread(bill.id, gateway=syncer.gateway, checkpoint=checkpoint, now=now or utc_now())


def test_a_payment_that_nobody_told_us_of_is_found(syncer: Syncer) -> None:
    bill = opened(syncer, "acme")
    pay(bill, syncer)
    assert read(bill, syncer) is None
    assert (bill.status, bill.amount_due_cents) == ("paid", 4000)


def test_an_invoice_as_it_is_known_costs_one_read_and_changes_nothing(syncer: Syncer) -> None:
    bill = opened(syncer, "acme")
    syncer.operations()
    read(bill, syncer)
    assert (bill.status, syncer.operations()) == ("open", ["GET GET /v1/invoices/{invoice}"])


def test_each_has_its_turn_those_read_longest_ago_first(syncer: Syncer) -> None:
    bills = [opened(syncer, slug) for slug in ("acme", "globex", "initech")]
    turns = []
    for hour in range(4):
        [chosen] = longest_unread(most=1)
        turns.append(chosen)
        read(db.session.get_one(Invoice, chosen), syncer, utc_now() + timedelta(hours=hour))
    ids = [bill.id for bill in bills]
    assert turns == [*ids, ids[0]]


def test_what_is_held_comes_before_what_is_unpaid_and_drafts_at_peace_never(
    bill: Invoice, syncer: Syncer
) -> None:
    unpaid = opened(syncer, "globex")
    put(bill, a=4000)
    syncer.sync(bill)
    assert longest_unread(most=9) == [unpaid.id]
    put(bill, b=100)
    rule = syncer.simulator.fault("drop_after", "add_lines$")
    syncer.sync(bill)
    syncer.simulator.delete(f"faults/{rule}")
    assert longest_unread(most=9) == [bill.id, unpaid.id]
    assert longest_unread(most=0) == []


def test_a_read_that_fails_is_no_bar_to_the_others(syncer: Syncer) -> None:
    bills = [opened(syncer, slug) for slug in ("acme", "globex")]
    rule = syncer.simulator.fault("error_before", f"{bills[0].stripe_invoice_id}$", method="GET")
    with pytest.raises(GatewayError):
        read(bills[0], syncer)
    syncer.simulator.delete(f"faults/{rule}")
    assert longest_unread(most=1) == [bills[1].id]


def test_a_held_draft_that_stripe_finalized_is_reconciled(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    run = read(bill, syncer)
    assert run is not None
    syncer.carry_out(run)
    assert bill.status == "open"


def test_a_held_draft_that_is_gone_is_made_anew(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    syncer.gateway.delete_draft(str(bill.stripe_invoice_id))
    read(bill, syncer)
    assert (bill.stripe_invoice_id, bill.is_dirty) == (None, True)


@pytest.mark.parametrize("status", ["uncollectible", "open"])
def test_what_is_still_asked_for_is_read_and_what_is_done_is_not(
    syncer: Syncer, status: str
) -> None:
    bills = [opened(syncer, slug) for slug in ("acme", "globex")]
    with transaction():
        bills[0].status, bills[1].status = status, "paid"
    assert longest_unread(most=9) == [bills[0].id]


@pytest.mark.parametrize("status", ["draft", "closing", "sealed"])
def test_what_is_held_takes_its_part_of_the_reads(
    bill: Invoice, syncer: Syncer, status: str
) -> None:
    unpaid = [opened(syncer, slug) for slug in ("globex", "initech")]
    with transaction():
        bill.status, bill.parked_at, bill.parked_code = status, bill.created_at, "held"
    assert longest_unread(most=9) == [one.id for one in unpaid]
    # Only what Stripe knows can be read there.
    with transaction():
        bill.stripe_invoice_id = "in_held"
    assert longest_unread(most=2) == [bill.id, unpaid[0].id]


def test_what_stripe_never_knew_has_its_turn_without_a_call(bill: Invoice, syncer: Syncer) -> None:
    syncer.operations()
    assert read(bill, syncer, NOW) is None
    assert (bill.stripe_read_at, syncer.operations()) == (NOW, [])


def test_a_reading_is_on_record_as_what_stripe_did(syncer: Syncer) -> None:
    bill = opened(syncer, "acme")
    pay(bill, syncer)
    read(bill, syncer, NOW)
    facts = {"from": "open", "to": "paid", "stripe_id": bill.stripe_invoice_id}
    assert on_record("invoice.paid") == ("stripe", NOW, facts)
    assert bill.stripe_read_at == NOW
    read(bill, syncer, NOW + timedelta(hours=1))
    assert on_record("invoice.paid")[1] == NOW


def test_an_issued_bill_that_is_not_found_stays_as_it_is(syncer: Syncer) -> None:
    bill = opened(syncer, "acme")
    with transaction():
        bill.stripe_invoice_id = "in_nowhere"
    assert read(bill, syncer) is None
    assert (bill.status, bill.stripe_invoice_id) == ("open", "in_nowhere")


def test_a_draft_that_was_deleted_is_on_record_and_due_at_once(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    assert read(bill, syncer) is None
    stripe_id = str(bill.stripe_invoice_id)
    syncer.gateway.delete_draft(stripe_id)
    read(bill, syncer, NOW)
    assert bill.next_sync_at == NOW
    assert on_record("invoice.deleted_at_stripe") == ("stripe", NOW, {"stripe_id": stripe_id})


def test_a_bill_that_was_edited_at_stripe_is_followed_to_its_revision(syncer: Syncer) -> None:
    bill = opened(syncer, "acme")
    revision = stripe_dashboard.edit(syncer.simulator.url, bill.stripe_invoice_id)
    assert read(bill, syncer, NOW) is None
    assert (bill.status, bill.stripe_invoice_id) == ("open", revision["id"])
    assert on_record("invoice.replaced_at_stripe")[1] == NOW


def test_what_moved_on_while_stripe_answered_is_left_alone(
    bill: Invoice, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    found = syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")

    def answer(_: str) -> RemoteInvoice:
        with transaction():
            db.session.get_one(Invoice, bill.id).stripe_invoice_id = "in_new"
        return found

    monkeypatch.setattr(syncer.gateway, "invoice", answer)
    assert read(bill, syncer) is None
    assert (bill.status, bill.stripe_invoice_id) == ("draft", "in_new")
