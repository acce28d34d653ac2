"""Whose an invoice at Stripe is: what its metadata claims does not make it ours."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event
from dashboard.installation import this_installation
from dashboard.sync.snapshot import synced_lines
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import process
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer

NOT_OURS = "Not an invoice of ours."


def ask(syncer: Syncer, path: str, **body: Any) -> dict[str, Any]:
    """Make a call that is not ours."""
    answer = requests.post(
        f"{syncer.simulator.url}/v1/{path}",
        data=body,
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    answer.raise_for_status()
    made: dict[str, Any] = answer.json()
    return made


def stranger(syncer: Syncer, customer: str | None = None, **metadata: str) -> dict[str, Any]:
    """Return a finalized invoice that another application made."""
    customer = customer or ask(syncer, "customers", email="billing@acme.example")["id"]
    marks = {f"metadata[{name}]": value for name, value in metadata.items()}
    made = ask(syncer, "invoices", customer=customer, currency="usd", **marks)
    ask(syncer, f"invoices/{made['id']}/add_lines", **{"lines[0][amount]": 66600})
    return ask(syncer, f"invoices/{made['id']}/finalize")


def told(syncer: Syncer, kind: str, subject: dict[str, Any]) -> WebhookEvent:
    """Deliver an event and return what became of it."""
    with transaction():
        [event_id] = store([parse_event(event(kind, subject))], source="webhook", now=utc_now())
    with transaction():
        process(event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=utc_now())
    return db.session.scalars(
        select(WebhookEvent).where(WebhookEvent.id == event_id),
        execution_options={"populate_existing": True},
    ).one()


def state_of(bill: Invoice) -> tuple[object, ...]:
    """Return what a stranger's invoice must not change."""
    db.session.refresh(bill)
    return bill.status, bill.stripe_invoice_id, bill.stripe_status, bill.number


def test_a_strangers_invoice_with_our_number_is_not_ours(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    before = state_of(bill)
    theirs = stranger(syncer, invoice=str(bill.id))
    assert told(syncer, "invoice.finalized", theirs).result == NOT_OURS
    assert state_of(bill) == before


def test_a_strangers_invoice_is_not_ours_after_our_customer_was_made(
    bill: Invoice, syncer: Syncer
) -> None:
    lose_the_draft(bill, syncer)
    theirs = stranger(syncer, invoice=str(bill.id))
    assert told(syncer, "invoice.finalized", theirs).result == NOT_OURS
    assert state_of(bill) == ("draft", None, None, None)


@pytest.mark.parametrize("number", [str(2**63), "9" * 200, "\u00b2", "\u0661\u0662", "-1", "0", ""])
def test_a_number_that_no_invoice_has_kills_no_handler(
    bill: Invoice, syncer: Syncer, number: str
) -> None:
    made = invoice_json(syncer.simulator.url, stranger(syncer)["id"])
    theirs = made | {"metadata": {"invoice": number}}
    assert told(syncer, "invoice.finalized", theirs).result == NOT_OURS


@pytest.mark.parametrize("metadata", [None, "x", [], {"dashboard_invoice": 7}, {"invoice": None}])
def test_metadata_of_another_shape_kills_no_handler(
    bill: Invoice, syncer: Syncer, metadata: object
) -> None:
    theirs = invoice_json(syncer.simulator.url, stranger(syncer)["id"]) | {"metadata": metadata}
    assert told(syncer, "invoice.finalized", theirs).result == NOT_OURS


def test_another_invoice_of_our_customer_is_not_ours_for_its_number(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    before = state_of(bill)
    copied = {
        "dashboard_installation": this_installation().identity,
        "dashboard_invoice": str(bill.id),
    }
    theirs = stranger(syncer, bill.organization.stripe_customer_id, **copied)
    assert told(syncer, "invoice.finalized", theirs).result == NOT_OURS
    assert state_of(bill) == before


def test_an_invoice_of_our_customer_that_claims_another_installation_is_not_ours(
    bill: Invoice, syncer: Syncer
) -> None:
    customer = lose_the_draft(bill, syncer)
    claim = {"dashboard_installation": "another", "dashboard_invoice": str(bill.id)}
    assert told(syncer, "invoice.finalized", stranger(syncer, customer, **claim)).result == NOT_OURS
    assert state_of(bill) == ("draft", None, None, None)


@pytest.mark.parametrize("release", ["this", "the first"])
def test_a_draft_whose_reply_was_lost_is_known_by_its_claim_and_its_customer(
    bill: Invoice, syncer: Syncer, release: str
) -> None:
    customer = lose_the_draft(bill, syncer)
    number = str(bill.id)
    claim = {"dashboard_installation": this_installation().identity, "dashboard_invoice": number}
    ours = stranger(syncer, customer, **(claim if release == "this" else {"invoice": number}))
    assert "being reconciled" in str(told(syncer, "invoice.finalized", ours).result)
    assert state_of(bill)[:3] == ("draft", ours["id"], "open")


def test_an_answer_about_another_invoice_is_not_taken_over(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    before = state_of(bill)
    put(bill, a=5000)
    other = syncer.gateway.invoice(stranger(syncer)["id"])
    syncer.gateway.update_lines = lambda *_, **__: other  # type: ignore[method-assign]
    run = syncer.sync(bill)
    assert (run.state, run.error_code) == ("failed", "stripe_not_ours")
    assert state_of(bill) == before
    assert bill.parked_code == "stripe_not_ours"
    assert [line.amount_cents for line in synced_lines(bill.id)] == [4000]


@pytest.mark.parametrize("hours", [0, 24])
def test_an_answer_about_what_was_replaced_meanwhile_holds_nothing_up(
    bill: Invoice, syncer: Syncer, hours: int
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    with transaction():
        seal_now(bill, now=utc_now())
    rule = syncer.simulator.fault("drop_after", "finalize$", method="POST")
    run = syncer.sync(bill, "final", verify=True)
    syncer.simulator.delete(f"faults/{rule}")
    revision = stranger(syncer, bill.organization.stripe_customer_id)
    with transaction():
        bill.stripe_invoice_id = revision["id"]
    syncer.ahead = timedelta(hours=hours)
    syncer.carry_out(run)
    lost = next(step for step in run.steps if step.operation == "finalize")
    assert lost.outcome == ("done" if hours == 0 else "read_back")
    assert bill.stripe_invoice_id == revision["id"]
    assert bill.parked_code != "stripe_not_ours"


def lose_the_draft(bill: Invoice, syncer: Syncer) -> str:
    """Have the customer made, and no draft; return the customer."""
    put(bill, a=4000)
    rule = syncer.simulator.fault("drop_before", "/v1/invoices$", method="POST")
    syncer.sync(bill)
    syncer.simulator.delete(f"faults/{rule}")
    return str(bill.organization.stripe_customer_id)
