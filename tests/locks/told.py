"""What Stripe tells, what is read from it, and what is decided on that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dashboard.billing.close import seal_now
from dashboard.billing.corrections import keep_payments
from dashboard.billing.details import renew_links
from dashboard.billing.mail_settings import set_mails
from dashboard.billing.models import Invoice
from dashboard.billing.void_decide import decide_void
from dashboard.budgets.change import set_budget
from dashboard.budgets.look import note_used
from dashboard.extensions import db
from dashboard.gateway.records import RemotePayment
from dashboard.sync.change_details import change_details as change
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import checkpoint
from dashboard.webhooks.batch import drain
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import preview_replay, process
from dashboard.webhooks.reread import reread
from tests.factories import SUPPORT
from tests.locks.facts import adjust
from tests.locks.stage import Stage
from tests.locks.syncs import carry_out, known

CARD = {"id": "pm_1", "card": {"brand": "visa", "last4": "4242"}}


def hear(stage: Stage, kind: str, **facts: Any) -> None:
    """Store and process an event about the organization's draft."""
    event_id = arrived(stage, kind, facts)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def hear_of_the_end(stage: Stage) -> None:
    """Let Stripe tell that it finalized what is sealed here, whose run waits to try again."""
    invoice = stage.draft()
    seal_now(invoice, now=stage.now())
    run = request_sync(invoice, Request("final", verify=True), now=stage.now())
    run.state = "retrying"
    checkpoint()
    event_id = arrived(stage, "invoice.finalized", {"status": "open"}, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def hear_of_many(stage: Stage, *, backwards: bool = False) -> None:
    """Let Stripe tell of both organizations' bills and customers, and process it as one batch."""
    for which in (1, 0) if backwards else (0, 1):
        invoice, organization = stage.draft(which), stage.organization(which)
        if organization.stripe_customer_id is None:
            organization.stripe_customer_id = f"cus_{organization.id}"
        if invoice.stripe_invoice_id is None:
            invoice.stripe_invoice_id = f"in_{invoice.id}"
        checkpoint()
        arrived(stage, "invoice.finalization_failed", {}, invoice)
        arrived(stage, "invoice.finalized", {"status": "open"}, invoice)
        arrived(stage, "payment_method.attached", CARD | {"customer": f"cus_{organization.id}"})
    drain(gateway=stage.gateway, checkpoint=checkpoint, now=stage.now(), most=99)


def issue(stage: Stage) -> Invoice:
    """Return an invoice that was issued just now, or else the draft."""
    adjust(stage)
    # Two deeds: the sealed invoice may be of a lower number than the draft that was adjusted.
    checkpoint()
    carry_out(stage, trigger="final", status="sealed")
    checkpoint()
    return next(iter(stage.invoices("open")), None) or stage.draft()


def read_again(stage: Stage) -> None:
    """Read an invoice that nobody told of for long."""
    invoice = stage.draft()
    known(stage, invoice)
    reread(invoice.id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def hear_of_a_void(stage: Stage) -> Invoice:
    """Let Stripe tell that an issued invoice was voided there; return it."""
    invoice = issue(stage)
    event_id = arrived(stage, "invoice.voided", {"status": "void"}, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())
    return invoice


def hear_of_a_refund(stage: Stage) -> None:
    """Let Stripe tell that an issued invoice was paid, and that money went back."""
    invoice, number = issue(stage), stage.number()
    told: list[tuple[str, dict[str, Any]]] = [
        ("invoice_payment.paid", {
            "id": f"inpay_{number}",
            "invoice": invoice.stripe_invoice_id or "in_none",
            "status": "paid",
            "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
        }),
        ("refund.created", {
            "id": f"re_{number}",
            "status": "succeeded",
            "amount": 50,
            "payment_intent": f"pi_{number}",
        }),
    ]  # fmt: skip
    for kind, facts in told:
        event_id = arrived(stage, kind, {"object": kind.split(".")[0], **facts}, invoice)
        process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())
        checkpoint()


def hear_of_a_decline(stage: Stage) -> None:
    """Let Stripe tell why the payment of an issued invoice was declined."""
    invoice, number = issue(stage), stage.number()
    keep_payments(
        invoice, [RemotePayment(f"inpay_{number}", "in_1", "open", f"pi_{number}", False, 0)]
    )
    checkpoint()
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    facts = {"id": f"pi_{number}", "object": "payment_intent", "last_payment_error": error}
    event_id = arrived(stage, "payment_intent.payment_failed", facts, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def decide_on_void(stage: Stage, decision: str) -> None:
    invoice = next(iter(stage.invoices("void")), None) or hear_of_a_void(stage)
    decide_void(invoice, decision, seen=None, reason="asked", actor=SUPPORT, now=stage.now())


def show_replay(stage: Stage) -> None:
    event_id = arrived(stage, "invoice.deleted", {})
    event = db.session.get_one(WebhookEvent, event_id)
    preview_replay(event, gateway=stage.gateway, now=stage.now())


def new_links(stage: Stage) -> None:
    """Read the links of an invoice anew."""
    invoice = stage.draft()
    known(stage, invoice)
    renew_links(invoice, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def change_details(stage: Stage, *, sync: bool = False) -> None:
    """Rename the organization and have its invoices sent; where it is synced, tell Stripe."""
    if sync:
        known(stage, stage.draft())
    number = stage.number()
    days = 1 + number % 300
    wanted = {
        "name": f"Acme {number}",
        "address": {"country": "DE", "line1": f"{number} Main Street"},
        "collection_method": "send_invoice",
        "days_until_due": days,
    }
    change(stage.organization(), wanted, actor=SUPPORT, now=stage.now())
    if sync:
        checkpoint()
        carry_out(stage)


def change_budget(stage: Stage) -> None:
    """Set another budget, and compare the bill with it."""
    organization = stage.organization()
    set_budget(organization, 1000 + stage.number(), now=stage.now(), actor=SUPPORT)
    checkpoint()
    note_used([organization.id], now=stage.now(), is_mailed=True)


def change_mails(stage: Stage) -> None:
    """Set other days of reminders."""
    days = [1 + stage.number() % 100]
    settings = {"mails_bills": True, "reminder_days": days}
    set_mails(stage.organization(), **settings, actor=SUPPORT, now=stage.now())


def hear_of_a_new_name(stage: Stage) -> None:
    """Let Stripe tell that somebody renamed the customer there."""
    known(stage, stage.draft())
    hear(stage, "customer.updated", name="Renamed")


def decide_on_a_name(stage: Stage, decide: Callable[..., None]) -> None:
    stage.organization().customer_at_stripe = {"name": "Renamed", "email": "billing@acme.example"}
    checkpoint()
    decide(stage.organization(), actor=SUPPORT, now=stage.now())


def arrived(stage: Stage, kind: str, facts: dict[str, Any], invoice: Invoice | None = None) -> int:
    invoice, organization = invoice or stage.draft(), stage.organization()
    number = stage.number()
    remote: dict[str, Any] = {
        **stage.sample,
        "id": invoice.stripe_invoice_id or f"in_{invoice.id}",
        "customer": organization.stripe_customer_id or "cus_none",
        "metadata": {**stage.sample["metadata"], "invoice": str(invoice.id)},
        "total": invoice.total_cents,
        "total_excluding_tax": invoice.total_cents,
        **facts,
    }
    if kind.startswith("customer."):
        remote["id"] = remote["customer"]
    event = WebhookEvent(
        stripe_event_id=f"evt_{number}",
        type=kind,
        object_id=remote["id"],
        payload={"id": f"evt_{number}", "type": kind, "data": {"object": remote}},
        # Newer than all that replies told.
        created_at=stage.begun + timedelta(hours=1, seconds=number),
        received_at=stage.begun,
        next_attempt_at=stage.begun,
    )
    db.session.add(event)
    checkpoint()
    return event.id
