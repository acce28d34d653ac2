"""Payments as they come on a bad day: twice, too early, of nobody, in odd words."""

from typing import Any

import pytest
import stripe
from sqlalchemy import select

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_of
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support.events import event
from tests.support.inbox import deliver, told
from tests.support.money import client_of, happened, pay, tell
from tests.support.syncing import Syncer

AT = 1_900_000_000


def kind(invoice: Invoice) -> str:
    """Return the state of the payment."""
    db.session.refresh(invoice)
    return payment_of(invoice, utc_now()).kind


def intent_of(invoice: Invoice) -> str:
    """Return what Stripe's attempts are for."""
    of = select(InvoicePayment.paid_by).where(InvoicePayment.invoice_id == invoice.id)
    return str(db.session.scalars(of).one())


def test_two_refunds_told_twice_each_and_backwards_are_two(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = pay(syncer, open_bill)
    paid = client_of(syncer).invoices.retrieve(str(open_bill.stripe_invoice_id)).amount_paid
    for cents in (1, paid - 1):
        client_of(syncer).refunds.create({"payment_intent": intent, "amount": cents})
    bodies = happened(syncer)
    tell(syncer, [*reversed(bodies), *bodies])
    assert (kind(open_bill), open_bill.refunded_cents) == ("refunded", paid)


def test_a_dispute_told_before_the_payment_is_known_waits_for_nothing(
    open_bill: Invoice, syncer: Syncer
) -> None:
    pay(syncer, open_bill, "pm_card_createDispute")
    with transaction():
        db.session.query(InvoicePayment).delete()
    bodies = happened(syncer)
    tell(syncer, sorted(bodies, key=lambda one: not one["type"].startswith("charge.dispute")))
    assert kind(open_bill) == "disputed"


def test_a_confirmation_that_is_asked_for_late_reopens_nothing(
    open_bill: Invoice, syncer: Syncer
) -> None:
    asked = told(syncer, open_bill, "invoice.payment_action_required", AT)
    pay(syncer, open_bill)
    tell(syncer, happened(syncer))
    deliver(syncer, asked)
    assert kind(open_bill) == "paid"


def test_a_confirmation_of_a_stranger_is_nobody_s(open_bill: Invoice, syncer: Syncer) -> None:
    body = told(
        syncer, open_bill, "invoice.payment_action_required", AT, id="in_other", metadata={}
    )
    assert deliver(syncer, body).state == "ignored"
    assert kind(open_bill) != "confirm"


def test_a_code_that_nobody_knows_is_kept_short_and_tells_no_reason(
    open_bill: Invoice, syncer: Syncer
) -> None:
    error: dict[str, Any] = {"code": "card_declined", "decline_code": "<b>" * 99, "message": "No."}
    intent = {"id": intent_of(open_bill), "object": "payment_intent", "last_payment_error": error}
    deliver(syncer, event("payment_intent.payment_failed", intent, created=AT))
    deliver(syncer, told(syncer, open_bill, "invoice.payment_failed", AT, attempt_count=1))
    assert kind(open_bill) in ("declined", "past_due")
    assert open_bill.decline is not None
    assert len(open_bill.decline["code"]) <= 60


def test_one_that_must_be_confirmed_is_told_by_the_simulator_as_by_stripe(
    open_bill: Invoice, syncer: Syncer
) -> None:
    with pytest.raises(stripe.CardError):
        pay(syncer, open_bill, "pm_card_authenticationRequired")
    tell(syncer, happened(syncer))
    assert kind(open_bill) == "confirm"
    pay(syncer, open_bill)
    tell(syncer, happened(syncer))
    assert kind(open_bill) == "paid"
