"""A bill's life told in any order, with anything told twice, ends in one and the same state."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.after_issue import parse_correction, parse_payment
from dashboard.gateway.parsing import parse_event, parse_invoice
from dashboard.gateway.records import RemoteCorrection, RemoteInvoice, RemotePayment
from dashboard.gateway.stripe import StripeGateway
from dashboard.transaction import transaction
from dashboard.webhooks.batch import drain
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import handle_with_readings, process
from tests.support.events import event, invoice_json
from tests.support.inbox import finalize
from tests.support.syncing import Syncer, gateway_of

START = 1_900_000_000
NOW = datetime(2030, 4, 1, tzinfo=UTC)
DETAILS = (
    "status", "stripe_status", "amount_due_cents", "amount_remaining_cents", "amount_paid_cents",
    "pre_payment_credit_notes_cents", "failed_attempts", "attempt_count", "payment_failure",
    "parked_code", "needs_verification", "paid_at", "refunded_cents", "disputed_cents",
    "dispute_status", "dispute_answer_by_at", "paid_off_stripe_cents",
)  # fmt: skip
INVOICE = "in_life"
PAYMENT = {
    "object": "invoice_payment", "id": "inpay_life", "invoice": INVOICE, "status": "paid",
    "payment": {"type": "payment_intent", "payment_intent": "pi_life"}, "amount_paid": 3000,
}  # fmt: skip


def note(before: int, after: int) -> dict[str, Any]:
    """Return a credit note that lowered what was due by `before` and gave `after` back."""
    return {
        "object": "credit_note", "id": f"cn_{before}", "invoice": INVOICE, "status": "issued",
        "number": f"CN-{before}", "total": before + after, "pre_payment_amount": before,
        "post_payment_amount": after, "created": START,
    }  # fmt: skip


def refund(status: str) -> dict[str, Any]:
    """Return a refund in one of its states."""
    return {
        "object": "refund", "id": "re_life", "payment_intent": "pi_life", "status": status,
        "amount": 700, "created": START,
    }  # fmt: skip


def dispute(status: str) -> dict[str, Any]:
    """Return a dispute in one of its states."""
    return {
        "object": "dispute", "id": "du_life", "payment_intent": "pi_life", "status": status,
        "amount": 3000, "created": START, "evidence_details": {"due_by": START + 99},
    }  # fmt: skip


# What happens to a bill, one thing after the other: the event, and what the invoice then shows.
LIFE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("invoice.finalized", {}),
    ("invoice.payment_failed", {"attempt_count": 1}),
    ("invoice.updated", {"amount_due": 3500, "pre_payment_credit_notes_amount": 500}),
    ("invoice.payment_failed", {"attempt_count": 2}),
    ("invoice.updated", {"amount_due": 3000, "pre_payment_credit_notes_amount": 1000}),
    ("credit_note.created", note(1000, 0)),
    ("invoice_payment.paid", PAYMENT),
    ("invoice.paid", {"status": "paid", "amount_paid": 3000, "attempt_count": 3}),
    ("invoice.updated", {"post_payment_credit_notes_amount": 200}),
    ("credit_note.created", note(0, 200)),
    ("refund.created", refund("succeeded")),
    ("refund.failed", refund("failed")),
    ("charge.dispute.created", dispute("needs_response")),
    ("charge.dispute.updated", dispute("under_review")),
    ("charge.dispute.closed", dispute("lost")),
)


class Reader(StripeGateway):
    """A gateway at which everything is as it was in the end."""

    last: dict[str, Any]
    reads: int

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Return the last state, and count."""
        self.reads += 1
        return parse_invoice(self.last, "req_read")

    def payments_by(self, paid_by: str) -> list[RemotePayment]:
        """Return the one payment, and count."""
        self.reads += 1
        return [parse_payment(PAYMENT)]

    def dispute(self, dispute_id: str) -> RemoteCorrection:
        """Return how the dispute ended, and count."""
        self.reads += 1
        return parse_correction(dispute("lost"))


def told_life(first: dict[str, Any], seconds: list[int]) -> list[dict[str, Any]]:
    """Return the events of a life that begins as `first`, each in its second."""
    shown = dict(first)
    bodies = []
    for (kind, change), at in zip(LIFE, seconds, strict=True):
        if "object" in change:
            bodies.append(event(kind, change, created=at))
            continue
        shown = shown | change
        moved = {"finalized_at": START, "paid_at": None}
        if shown["status"] == "paid":
            moved["paid_at"] = START + 5
        shown["amount_remaining"] = shown["amount_due"] - shown["amount_paid"]
        shown["status_transitions"] = first["status_transitions"] | moved
        bodies.append(event(kind, dict(shown), created=at))
    return bodies


def end_of(bill: Invoice, gateway: Reader, bodies: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Return what the bill says when these have been told in this order; nothing of it stays."""
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
        return tuple(getattr(bill, name) for name in DETAILS)
    finally:
        savepoint.rollback()


@pytest.fixture
def first(bill: Invoice, syncer: Syncer) -> dict[str, Any]:
    """A bill that was just finalized by us, as Stripe shows it."""
    finalize(syncer, bill, a=4000)
    shown = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    with transaction():
        bill.stripe_invoice_id = INVOICE
        db.session.query(InvoicePayment).delete()
    return shown | {"id": INVOICE, "status": "open", "attempt_count": 0}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    gaps=st.lists(st.sampled_from((0, 0, 1, 600)), min_size=len(LIFE), max_size=len(LIFE)),
    order=st.permutations(range(len(LIFE))),
    again=st.lists(st.integers(0, len(LIFE) - 1), max_size=4),
)
def test_a_life_told_in_any_order_ends_as_it_ended_at_stripe(
    bill: Invoice, first: dict[str, Any], gaps: list[int], order: list[int], again: list[int]
) -> None:
    seconds = [START + sum(gaps[: index + 1]) for index in range(len(LIFE))]
    bodies = told_life(first, seconds)
    gateway = gateway_of(Reader, "http://127.0.0.1:9")
    last = [body["data"]["object"] for body in bodies if body["type"] == "invoice.updated"][-1]
    gateway.last, gateway.reads = last, 0
    expected = end_of(bill, gateway, bodies)
    assert expected[:4] == ("paid", "paid", 3000, 0)
    if len(set(seconds)) == len(seconds):
        assert gateway.reads == 0
    told = [bodies[index] for index in (*order, *again)]
    assert end_of(bill, gateway, told) == expected


def end_in_batches(
    bill: Invoice, gateway: Reader, bodies: list[dict[str, Any]], sizes: list[int]
) -> tuple[Any, ...]:
    """Return what the bill says when these are told in batches of such sizes; nothing stays."""
    left, cycle = list(bodies), itertools.cycle(sizes)
    savepoint = db.session.begin_nested()
    try:
        while left:
            size = next(cycle)
            store([parse_event(one) for one in left[:size]], source="webhook", now=NOW)
            left = left[size:]
            options = {"gateway": gateway, "checkpoint": db.session.flush, "now": NOW}
            for one in drain(**options, most=99).alone:  # type: ignore[arg-type]  # each is of its own
                process(one, **options)  # type: ignore[arg-type]  # the same
            # As each of these jobs commits: a batch passes by what is about an event in work.
            db.session.flush()
        states = set(db.session.scalars(select(WebhookEvent.state)))
        assert states <= {"processed", "ignored"}
        return tuple(getattr(bill, name) for name in DETAILS)
    finally:
        savepoint.rollback()
        db.session.expire_all()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    gaps=st.lists(st.sampled_from((0, 0, 1, 600)), min_size=len(LIFE), max_size=len(LIFE)),
    order=st.permutations(range(len(LIFE))),
    again=st.lists(st.integers(0, len(LIFE) - 1), max_size=4),
    sizes=st.lists(st.integers(1, len(LIFE)), min_size=1, max_size=4),
)
def test_a_life_told_in_batches_of_any_size_ends_the_same(
    bill: Invoice,
    first: dict[str, Any],
    gaps: list[int],
    order: list[int],
    again: list[int],
    sizes: list[int],
) -> None:
    seconds = [START + sum(gaps[: index + 1]) for index in range(len(LIFE))]
    bodies = told_life(first, seconds)
    gateway = gateway_of(Reader, "http://127.0.0.1:9")
    last = [body["data"]["object"] for body in bodies if body["type"] == "invoice.updated"][-1]
    gateway.last, gateway.reads = last, 0
    expected = end_of(bill, gateway, bodies)
    told = [bodies[index] | {"id": f"evt_{place}"} for place, index in enumerate((*order, *again))]
    assert end_in_batches(bill, gateway, told, sizes) == expected
