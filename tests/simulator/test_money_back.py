"""What follows a payment: refunds, disputes, payments that did not go through Stripe."""

from typing import Any

import pytest
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import SimulatorControl


def paid(shop: Shop) -> tuple[str, str]:
    """Return an invoice of 50.00 that was paid, and the payment intent that paid it."""
    opened = shop.opened(5000)
    shop.client.invoices.pay(opened.id)
    payment = shop.client.invoice_payments.list({"invoice": opened.id}).data[0]
    return opened.id, str(payment.payment.payment_intent)


def moneys(invoice: Any) -> tuple[Any, ...]:
    """Return what an invoice says of money."""
    return invoice.status, invoice.amount_paid, invoice.post_payment_credit_notes_amount


def test_a_finalized_invoice_tells_its_payment_when_asked(shop: Shop) -> None:
    draft = shop.draft(5000)
    opened = shop.client.invoices.finalize_invoice(draft.id, {"expand": ["payments"]})

    (payment,) = opened.payments.data
    assert (payment.status, payment.amount_requested) == ("open", 5000)
    intent = payment.payment.payment_intent
    query = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert shop.client.invoice_payments.list(query).data[0].invoice == draft.id


def test_a_refund_changes_nothing_of_the_invoice(shop: Shop) -> None:
    invoice, intent = paid(shop)

    refund = shop.client.refunds.create({"payment_intent": intent, "amount": 1200})

    assert moneys(shop.read(invoice)) == ("paid", 5000, 0)
    assert refund.status == "succeeded"
    assert shop.event_types()[-1] == "refund.created"
    with pytest.raises(stripe.InvalidRequestError, match="greater"):
        shop.client.refunds.create({"payment_intent": intent, "amount": 3801})


def test_a_refund_can_fail_later(shop: Shop, simulator: SimulatorControl) -> None:
    _, intent = paid(shop)
    refund = shop.client.refunds.create({"payment_intent": intent})

    simulator.post(f"refunds/{refund.id}/fail")

    assert shop.client.refunds.retrieve(refund.id).status == "failed"
    assert shop.event_types()[-1] == "refund.failed"


def test_a_dispute_changes_nothing_of_the_invoice(shop: Shop, simulator: SimulatorControl) -> None:
    invoice, intent = paid(shop)

    opened = simulator.post("disputes", payment_intent=intent)

    assert moneys(shop.read(invoice)) == ("paid", 5000, 0)
    dispute = shop.client.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.amount) == ("needs_response", 5000)
    shop.client.disputes.close(dispute.id)
    assert shop.client.disputes.retrieve(dispute.id).status == "lost"
    kinds = ["created", "funds_withdrawn", "closed"]
    assert shop.event_types()[-3:] == [f"charge.dispute.{kind}" for kind in kinds]


def test_what_was_paid_elsewhere_is_told_when_asked(
    shop: Shop, simulator: SimulatorControl
) -> None:
    opened = shop.opened(5000)

    simulator.post(f"invoices/{opened.id}/paid-elsewhere", amount=2000)

    read = shop.client.invoices.retrieve(opened.id, {"expand": ["amount_paid_off_stripe"]})
    assert (read.status, read.amount_paid, read.amount_remaining) == ("open", 2000, 3000)
    assert read.amount_paid_off_stripe == 2000
    assert "amount_paid_off_stripe" not in shop.read(opened.id)
    shop.client.invoices.pay(opened.id, {"paid_out_of_band": True})
    read = shop.client.invoices.retrieve(opened.id, {"expand": ["amount_paid_off_stripe"]})
    assert (read.status, read.amount_paid_off_stripe) == ("paid", 5000)
