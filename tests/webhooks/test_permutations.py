"""A bill's life told in any order, with anything told twice, ends in one and the same state."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event, parse_invoice
from dashboard.gateway.records import RemoteInvoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import handle_with_readings
from tests.support.events import event, invoice_json
from tests.support.inbox import finalize
from tests.support.syncing import Syncer, gateway_of

START = 1_900_000_000
NOW = datetime(2030, 4, 1, tzinfo=UTC)
DETAILS = (
    "status", "stripe_status", "amount_due_cents", "amount_remaining_cents", "amount_paid_cents",
    "pre_payment_credit_notes_cents", "failed_attempts", "attempt_count", "payment_failure",
    "parked_code", "needs_verification", "paid_at",
)  # fmt: skip
# What happens to a bill, one thing after the other: the event, and what the invoice then shows.
LIFE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("invoice.finalized", {}),
    ("invoice.payment_failed", {"attempt_count": 1}),
    ("invoice.updated", {"amount_due": 3500, "pre_payment_credit_notes_amount": 500}),
    ("invoice.payment_failed", {"attempt_count": 2}),
    ("invoice.updated", {"amount_due": 3000, "pre_payment_credit_notes_amount": 1000}),
    ("invoice.paid", {"status": "paid", "amount_paid": 3000, "amount_remaining": 0}),
    ("invoice.updated", {"post_payment_credit_notes_amount": 200}),
)


class Reader(StripeGateway):
    """A gateway at which every invoice is as it was in the end."""

    last: dict[str, Any]
    reads: int

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Return the last state, and count."""
        self.reads += 1
        return parse_invoice(self.last, "req_read")


def told_life(first: dict[str, Any], seconds: list[int]) -> list[dict[str, Any]]:
    """Return the events of a life that begins as `first`, each in its second."""
    shown = dict(first)
    bodies = []
    for (kind, change), at in zip(LIFE, seconds, strict=True):
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
def fresh_bill(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill that was just finalized by us."""
    finalize(syncer, bill, a=4000)
    return bill


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    gaps=st.lists(st.sampled_from((0, 0, 1, 600)), min_size=len(LIFE), max_size=len(LIFE)),
    order=st.permutations(range(len(LIFE))),
    again=st.lists(st.integers(0, len(LIFE) - 1), max_size=4),
)
def test_a_life_told_in_any_order_ends_as_it_ended_at_stripe(
    fresh_bill: Invoice, syncer: Syncer, gaps: list[int], order: list[int], again: list[int]
) -> None:
    first = invoice_json(syncer.sandbox.url, str(fresh_bill.stripe_invoice_id))
    seconds = [START + sum(gaps[: index + 1]) for index in range(len(LIFE))]
    bodies = told_life(first, seconds)
    gateway = gateway_of(Reader, syncer.sandbox.url)
    gateway.last, gateway.reads = bodies[-1]["data"]["object"], 0
    expected = end_of(fresh_bill, gateway, bodies)
    read_in_order = gateway.reads
    told = [bodies[index] for index in (*order, *again)]
    assert end_of(fresh_bill, gateway, told) == expected
    assert expected[:2] == ("paid", "paid")
    if len(set(seconds)) == len(seconds):
        assert gateway.reads == read_in_order == 0
