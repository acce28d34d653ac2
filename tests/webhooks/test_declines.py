"""Why a payment was declined: told by its intent alone, kept as of its attempt."""

from itertools import permutations
from typing import Any

import pytest
import stripe
from sqlalchemy import select

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.reading.earlier import EarlierInvoice
from tests.support.events import event
from tests.support.inbox import deliver, told
from tests.support.money import happened, pay, tell
from tests.support.syncing import Syncer

AT = 1_900_000_000


def intent_of(syncer: Syncer, invoice: Invoice) -> str:
    """Return the payment intent that Stripe's attempts are for."""
    of = select(InvoicePayment.paid_by).where(InvoicePayment.invoice_id == invoice.id)
    return str(db.session.scalars(of).one())


def refused(intent: str, code: str | None, at: int) -> dict[str, Any]:
    """Return the event of a payment intent whose bank said so."""
    error = {"code": "card_declined", "decline_code": code, "message": "No."}
    subject = {"id": intent, "object": "payment_intent", "last_payment_error": error}
    return event("payment_intent.payment_failed", subject, created=at)


def failed(syncer: Syncer, invoice: Invoice, attempts: int, at: int) -> dict[str, Any]:
    """Return the event of the invoice itself, which does not say why."""
    return told(syncer, invoice, "invoice.payment_failed", at, attempt_count=attempts)


def code_shown(invoice: Invoice) -> str | None:
    """Return what a page would say of it."""
    db.session.refresh(invoice)
    names = EarlierInvoice._fields[:-2]
    row = EarlierInvoice(*(getattr(invoice, name) for name in names), None, False)
    return row.decline_code


def test_the_bank_s_reason_is_kept_whichever_event_comes_first(
    open_bill: Invoice, syncer: Syncer
) -> None:
    intent = intent_of(syncer, open_bill)
    bodies = [
        refused(intent, "insufficient_funds", AT),
        failed(syncer, open_bill, 1, AT + 1),
        refused(intent, "expired_card", AT + 259_200),
        failed(syncer, open_bill, 2, AT + 259_201),
    ]
    for number, order in enumerate(permutations(bodies)):
        open_bill.decline = open_bill.payment_failed_at = None
        open_bill.failed_attempts, open_bill.stripe_told_at = 0, None
        db.session.commit()
        for place, body in enumerate(order):
            deliver(syncer, body | {"id": f"evt_{number}_{place}"})
        assert code_shown(open_bill) == "expired_card", number


def test_an_attempt_without_a_reason_has_none(open_bill: Invoice, syncer: Syncer) -> None:
    deliver(syncer, refused(intent_of(syncer, open_bill), "insufficient_funds", AT))
    deliver(syncer, failed(syncer, open_bill, 1, AT))
    assert code_shown(open_bill) == "insufficient_funds"
    deliver(syncer, failed(syncer, open_bill, 2, AT + 86_400))
    assert code_shown(open_bill) is None


def test_a_stranger_s_intent_is_nobody_s_and_asks_for_nothing(
    open_bill: Invoice, syncer: Syncer
) -> None:
    before = len(syncer.simulator.calls())
    done = deliver(syncer, refused("pi_of_another_shop", "insufficient_funds", AT))
    assert done.state == "ignored"
    assert len(syncer.simulator.calls()) == before
    assert open_bill.decline is None


def test_the_simulator_tells_why_as_stripe_does(open_bill: Invoice, syncer: Syncer) -> None:
    card = "pm_card_visa_chargeDeclinedInsufficientFunds"
    with pytest.raises(stripe.CardError):
        pay(syncer, open_bill, card)
    tell(syncer, happened(syncer))
    assert code_shown(open_bill) == "insufficient_funds"
