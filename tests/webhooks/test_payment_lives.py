"""However a bill's life is told, its payment ends in the one state that it has at Stripe."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.payment_state import PaymentState, payment_state
from dashboard.extensions import db
from dashboard.gateway.after_issue import parse_correction, parse_payment
from dashboard.gateway.parsing import parse_event, parse_invoice
from dashboard.gateway.records import RemoteCorrection, RemoteInvoice, RemotePayment
from dashboard.gateway.stripe import StripeGateway
from dashboard.transaction import transaction
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import handle_with_readings
from tests.support.events import invoice_json
from tests.support.inbox import finalize
from tests.support.payment_lives import INTENT, INVOICE, START, TOTAL, Life, lives
from tests.support.syncing import Syncer, gateway_of

NOW = datetime(2030, 6, 1, tzinfo=UTC)


class Reader(StripeGateway):
    """A gateway at which everything is as it is at the end of a life."""

    life: Life

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Return the last look of the bill."""
        return parse_invoice(
            self.life.shown | {"amount_paid_off_stripe": self.life.outside}, "req_read"
        )

    def payments_by(self, paid_by: str) -> list[RemotePayment]:
        """Return the one payment."""
        found = [one["data"]["object"] for one in self.life.events]
        return [parse_payment(one) for one in found if one["object"] == "invoice_payment"][-1:]

    def dispute(self, dispute_id: str) -> RemoteCorrection:
        """Return how the dispute stands."""
        return parse_correction(self.life.disputes[-1])


@pytest.fixture
def first(bill: Invoice, syncer: Syncer) -> dict[str, Any]:
    """A bill that was just finalized by us, as Stripe shows it; its payment is known."""
    finalize(syncer, bill, a=TOTAL)
    shown = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    with transaction():
        bill.stripe_invoice_id = INVOICE
        bill.stripe_told_at = None
        bill.finalized_at = datetime.fromtimestamp(START, UTC)
        db.session.scalars(select(InvoicePayment)).one().stripe_id = "inpay_life"
        db.session.scalars(select(InvoicePayment)).one().paid_by = INTENT
    return shown | {"id": INVOICE, "status": "open", "attempt_count": 0}


def end_of(bill: Invoice, gateway: Reader, bodies: list[dict[str, Any]]) -> PaymentState:
    """Return the state after these were told in this order; nothing of it stays."""
    savepoint = db.session.begin_nested()
    try:
        for body in bodies:
            heard = parse_event(body)
            row = WebhookEvent(
                stripe_event_id=heard.id,
                type=heard.type,
                object_id=heard.object_id,
                payload=heard.payload,
                created_at=heard.created_at,
                livemode=False,
            )
            handle_with_readings(Delivery(row, gateway, NOW), db.session.flush)
        return payment_of(bill, NOW)
    finally:
        savepoint.rollback()
        db.session.expire_all()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_told_in_any_order_and_anything_twice_it_ends_in_the_state_it_has_at_stripe(
    bill: Invoice, first: dict[str, Any], data: st.DataObject
) -> None:
    life = data.draw(lives(first))
    gateway = gateway_of(Reader, "http://127.0.0.1:9")
    gateway.life = life
    expected = payment_state(life.facts(), NOW)
    assert end_of(bill, gateway, life.events) == expected
    order = data.draw(st.permutations(range(len(life.events))))
    again = data.draw(st.lists(st.integers(0, len(life.events) - 1), max_size=3))
    told = [life.events[index] for index in (*order, *again)]
    assert end_of(bill, gateway, told) == expected


def test_a_bank_that_asked_twice_waits_since_the_later_whichever_is_told_first(
    bill: Invoice, first: dict[str, Any]
) -> None:
    life = Life(first, shown=dict(first))
    for attempt in (1, 2):
        life.at += 700
        life.show("invoice.payment_failed", attempt_count=attempt)
        life.show("invoice.payment_action_required")
    gateway = gateway_of(Reader, "http://127.0.0.1:9")
    gateway.life = life
    kinds = {end_of(bill, gateway, list(order)).kind for order in permutations(life.events)}
    assert kinds == {"confirm"}
