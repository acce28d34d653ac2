"""Whose the money of a payment is, what of it is on record, and as of when it is known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.billing.notes import corrections_of
from dashboard.clock import from_timestamp, utc_now
from dashboard.extensions import db
from dashboard.gateway.records import RemotePayment
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.events import event
from tests.support.inbox import deliver, on_record
from tests.support.money import client_of, happened, pay, tell
from tests.support.paid_elsewhere import other_bill_paid_by
from tests.support.syncing import Syncer

NOW = utc_now() + timedelta(hours=1)


def test_money_back_is_on_record_once_with_what_stripe_said(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    refund = client_of(syncer).refunds.create({"payment_intent": intent, "amount": 1200})
    created = next(one for one in happened(syncer) if one["type"] == "refund.created")
    tell(syncer, [one for one in happened(syncer) if one["type"] == "invoice_payment.paid"])
    done = deliver(syncer, created, now=NOW)
    again = deliver(syncer, created | {"id": "evt_again", "type": "refund.updated"})
    facts = {
        "stripe_id": refund.id,
        "amount_cents": 1200,
        "currency": "usd",
        "status": "succeeded",
    }
    assert on_record("refund.told") == ("stripe", NOW, facts)
    assert (done.result, again.state) == ("A refund of $12.00 is succeeded.", "processed")
    assert again.result == "The refund is succeeded already."


@pytest.mark.parametrize("is_sealed", [False, True])
def test_only_of_a_bill_that_was_issued_anything_is_kept(
    bill: Invoice, syncer: Syncer, is_sealed: bool
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    if is_sealed:
        with transaction():
            seal_now(bill, now=utc_now())
    stripe_id = str(bill.stripe_invoice_id)
    syncer.gateway.finalize(stripe_id, key="somebody")
    pay(syncer, bill)
    client_of(syncer).credit_notes.create(
        {"invoice": stripe_id, "amount": 500, "credit_amount": 500}
    )
    kinds = ("invoice_payment.paid", "credit_note.created")
    bodies = [one for one in happened(syncer) if one["type"] in kinds]
    states = [deliver(syncer, body).state for body in bodies]
    paid = db.session.query(InvoicePayment).filter_by(invoice_id=bill.id, is_paid=True).count()
    assert states == ["processed" if is_sealed else "ignored"] * 2
    assert (paid, len(corrections_of(bill))) == ((1, 1) if is_sealed else (0, 0))


def test_what_is_of_no_payment_is_of_no_invoice_and_costs_no_read(
    open_bill: Invoice, syncer: Syncer
) -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 5, "created": 1_900_000_000}
    syncer.operations()
    done = deliver(syncer, event("refund.created", refund | {"status": "succeeded"}))
    assert (done.state, syncer.operations()) == ("ignored", [])


def test_of_a_payment_never_seen_each_invoice_keeps_its_own_part(
    open_bill: Invoice, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_bill_paid_by(open_bill, "pi_old")
    parts = [
        RemotePayment(f"inpay_{stripe_id}", str(stripe_id), "paid", "pi_1", False, cents)
        for stripe_id, cents in (
            (open_bill.stripe_invoice_id, 4000), ("in_other", 70), ("in_theirs", 9),
        )
    ]  # fmt: skip
    monkeypatch.setattr(syncer.gateway, "payments_by", lambda payment: parts * (payment == "pi_1"))
    refund = {"object": "refund", "id": "re_1", "amount": 1200, "created": 1_900_000_000}
    told = refund | {"payment_intent": "pi_1", "status": "succeeded"}
    done = deliver(syncer, event("refund.created", told), now=NOW)
    rows = db.session.query(InvoicePayment).filter_by(paid_by="pi_1")
    kept = {row.invoice_id: (row.stripe_id, row.amount_paid_cents) for row in rows}
    assert kept == {
        open_bill.id: (parts[0].id, 4000),
        other.id: ("inpay_in_other", 70),
    }
    assert done.state == "processed"
    for bill in (open_bill, other):
        assert (bill.parked_code, bill.parked_at) == ("money_back_of_several", NOW)
        assert "$12.00" in str(bill.parked_reason)


@pytest.mark.parametrize(("read_after", "known_after"), [(None, 0), (-5, 0), (5, 5)])
def test_what_was_read_is_as_new_as_the_event_that_asked_for_it(
    open_bill: Invoice,
    syncer: Syncer,
    monkeypatch: pytest.MonkeyPatch,
    read_after: int | None,
    known_after: int,
) -> None:
    second = from_timestamp(1_900_000_000)
    intent = pay(syncer, open_bill)
    dispute = syncer.simulator.post("disputes", payment_intent=intent)
    syncer.simulator.post(f"disputes/{dispute['id']}", status="won")
    read_at = None if read_after is None else second + timedelta(seconds=read_after)
    read = syncer.gateway.dispute(dispute["id"])
    invoice = syncer.gateway.invoice(str(open_bill.stripe_invoice_id))
    monkeypatch.setattr(syncer.gateway, "dispute", lambda _: replace(read, as_of=read_at))
    monkeypatch.setattr(syncer.gateway, "invoice", lambda _: replace(invoice, as_of=read_at))
    told = [one | {"created": 1_900_000_000} for one in happened(syncer)]
    tell(syncer, [one for one in told if "invoice" not in one["type"]])
    [kept] = corrections_of(open_bill)
    assert (kept.status, kept.told_at) == ("won", second + timedelta(seconds=known_after))
    [paid] = [one for one in told if one["type"] == "invoice.paid"]
    tell(syncer, [paid])
    other = paid["data"]["object"] | {"amount_due": 17}
    tell(syncer, [event("invoice.updated", other, created=1_900_000_000)])
    known = (open_bill.amount_due_cents, open_bill.stripe_told_at)
    assert known == (4000, second + timedelta(seconds=known_after))
