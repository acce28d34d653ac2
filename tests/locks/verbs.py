"""Every verb that takes locks, in one table: a new one is driven against all by adding its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal, seal_now
from dashboard.billing.details import renew_links
from dashboard.billing.fold import count_now, counted_organization, fold
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import park, unpark
from dashboard.billing.roll import roll_early, roll_over
from dashboard.billing.roll_preview import preview_roll
from dashboard.billing.stuck import hold_stuck
from dashboard.billing.void_decide import decide_void
from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.change import change_organization, send_ours, take_theirs
from dashboard.pricing.catalog import add_version, price_to_change
from dashboard.pricing.models import Price
from dashboard.pricing.versions import terms_of
from dashboard.services.attach import attach_services
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import Attachment
from dashboard.sync.decide import decide_line
from dashboard.sync.models import ForeignLine, SyncRun, SyncStep
from dashboard.sync.request import Request, preview, request_sync, request_syncs
from dashboard.sync.run import execute
from dashboard.sync.stripe_draft import ask_for_schedule
from dashboard.transaction import checkpoint
from dashboard.usage.entry import UsageEntry
from dashboard.usage.record import record_batch
from dashboard.webhooks.batch import drain
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import preview_replay, process
from dashboard.webhooks.reread import reread
from tests.locks.stage import Act, Stage

SUPPORT = Actor("user", 1, "support@example.com")


# The facts.


def report(stage: Stage, *, backwards: bool = False) -> None:
    """Report usage of both organizations, for the ended cycle and for this one."""
    now = stage.now()
    slugs = stage.slugs[::-1] if backwards else stage.slugs
    late = stage.draft().period_start - timedelta(seconds=1)
    record_batch(
        [
            UsageEntry(slug, "requests", f"key-{stage.number()}", Decimal(3), at)
            for slug in slugs
            for at in (now, late)
        ],
        now=now,
    )


def report_much(stage: Stage) -> None:
    """Report so much that it is counted at once."""
    now = stage.now()
    units = Decimal(10) ** 13
    record_batch(
        [UsageEntry(slug, "requests", f"key-{stage.number()}", units, now) for slug in stage.slugs],
        now=now,
    )


def report_and_count(stage: Stage) -> None:
    """Report usage, and read the bill of the first organization."""
    report(stage)
    checkpoint()
    counted_organization(stage.slugs[0], now=stage.now())
    count_now(stage.organization(1).id, now=stage.now())


def report_and_fold(stage: Stage) -> None:
    """Report usage, and let the folder count what nobody holds."""
    report(stage)
    checkpoint()
    fold([stage.organization(which).id for which in (0, 1)], now=stage.now())


def attach_list(stage: Stage) -> None:
    """Attach a fee and a metered price together."""
    metered = db.session.scalars(select(Price).where(Price.kind == "metered")).first()
    wanted = [(stage.price(), Attachment()), (metered or stage.price(), Attachment())]
    attach_services(stage.organization(), wanted, now=stage.now(), actor=SUPPORT)


def detach(stage: Stage) -> None:
    detach_service(stage.service(), now=stage.now(), actor=SUPPORT)


def change(stage: Stage) -> None:
    number = Decimal(stage.number())
    change_quantity(stage.service(), number, now=stage.now(), actor=SUPPORT)


def adjust(stage: Stage) -> None:
    invoice = stage.draft()
    add_adjustment(
        invoice,
        Money(100 + stage.number() % 100, invoice.currency),
        reason="asked for",
        description="A charge",
        actor=SUPPORT,
        now=stage.now(),
        key=f"key-{stage.number()}",
    )


def reprice(stage: Stage) -> None:
    price, now = price_to_change(stage.price().code), stage.now()
    at = now + timedelta(days=2, seconds=stage.number())
    add_version(price, terms_of(price.versions[0]), effective_at=at, now=now, actor=SUPPORT)


# The life of an invoice.


def roll(stage: Stage) -> None:
    invoice = stage.draft()
    roll_early(
        stage.organization(), reason="asked", actor=SUPPORT, now=stage.now(), invoice_id=invoice.id
    )


def show_roll(stage: Stage) -> None:
    preview_roll(stage.organization(), now=stage.now())


def close_both(stage: Stage, *, backwards: bool = False) -> None:
    """Roll what is over, as a usage batch does of the organizations it names."""
    for which in (1, 0) if backwards else (0, 1):
        roll_over(stage.organization(which), now=stage.draft(which).period_end)
        checkpoint()


def seal_both(stage: Stage, *, wait: bool = True) -> None:
    ids = [one.id for which in (1, 0) for one in stage.invoices("closing", which)]
    sealed = seal(ids, now=stage.now() + timedelta(days=1), wait=wait)
    request_syncs([one.id for one in sealed], Request("final", verify=True), now=stage.now())


def hold_and_let_go(stage: Stage) -> None:
    invoice = lock_invoice(stage.draft().id)
    park(invoice, "test", "Held.", now=stage.now())
    unpark(invoice)


def hold_what_is_stuck(stage: Stage) -> None:
    hold_stuck(stage.draft().id, ZeroDivisionError(), now=stage.now())


# Syncs.


def ask(stage: Stage) -> None:
    request_sync(stage.draft(), Request("support", SUPPORT), now=stage.now())


def ask_for_both(stage: Stage, *, wait: bool = True) -> None:
    ids = [stage.draft(which).id for which in (1, 0)]
    request_syncs(ids, Request("scheduled"), now=stage.now(), wait=wait)


def show_sync(stage: Stage) -> None:
    preview(stage.draft())


def carry_out(stage: Stage, *, trigger: str = "support", status: str = "draft") -> None:
    """Ask for a sync and carry it out, with others who do the same."""
    invoices = stage.invoices(status) or [stage.draft()]
    if status == "sealed" and invoices[0].status != "sealed":
        seal_now(invoices[0], now=stage.now())
    wanted = Request(trigger, SUPPORT, verify=trigger == "final")
    run = request_sync(invoices[0], wanted, now=stage.now())
    checkpoint()
    _execute(stage, run)


def reconcile(stage: Stage) -> None:
    """Let Stripe finalize the draft before the ledger was done, then sync."""
    invoice = stage.draft()
    stripe_id = _known(stage, invoice)
    stage.gateway.finalize(stripe_id, key=f"somebody-{stage.number()}")
    adjust(stage)
    carry_out(stage)


def find_it_gone(stage: Stage) -> None:
    """Let somebody delete the draft at Stripe, then sync."""
    invoice = stage.draft()
    stage.gateway.delete_draft(_known(stage, invoice))
    adjust(stage)
    carry_out(stage)


def find_customer_gone(stage: Stage) -> None:
    """Let somebody delete the customer at Stripe before a draft is made, then sync."""
    roll(stage)
    checkpoint()
    stage.organization().stripe_customer_id = f"cus_gone{stage.number()}"
    checkpoint()
    adjust(stage)
    carry_out(stage)


def change_details(stage: Stage, *, sync: bool = False) -> None:
    """Rename the organization and have its invoices sent; where it is synced, tell Stripe."""
    if sync:
        _known(stage, stage.draft())
    number = stage.number()
    days = 1 + number % 300
    wanted = {"name": f"Acme {number}", "collection_method": "send_invoice", "days_until_due": days}
    change_organization(stage.organization(), wanted, actor=SUPPORT, now=stage.now())
    if sync:
        checkpoint()
        carry_out(stage)


def hear_of_a_new_name(stage: Stage) -> None:
    """Let Stripe tell that somebody renamed the customer there."""
    _known(stage, stage.draft())
    hear(stage, "customer.updated", name="Renamed")


def decide_on_a_name(stage: Stage, decide: Callable[..., None]) -> None:
    stage.organization().customer_at_stripe = {"name": "Renamed", "email": "billing@acme.example"}
    checkpoint()
    decide(stage.organization(), actor=SUPPORT, now=stage.now())


def settle(stage: Stage) -> None:
    """Carry out a run that finds a step without an outcome."""
    invoice = stage.draft()
    _known(stage, invoice)
    last = db.session.scalar(
        select(SyncStep).where(SyncStep.invoice_id == invoice.id).order_by(SyncStep.id.desc())
    )
    if last is not None:
        last.outcome = None
    checkpoint()
    carry_out(stage)


def decide(stage: Stage, decision: str) -> None:
    """Decide on a line that is not ours, while syncs may remove it."""
    invoice = stage.draft()
    line = db.session.scalar(
        select(ForeignLine)
        .where(ForeignLine.invoice_id == invoice.id, ForeignLine.decision.is_(None))
        .limit(1)
    )
    if line is None:
        line = ForeignLine(
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            stripe_line_id=f"il_{stage.number()}",
            description="Somebody's",
            amount_cents=700,
            found_at=stage.now(),
        )
        db.session.add(line)
        checkpoint()
    decide_line(line, decision, actor=SUPPORT, now=stage.now())
    wanted = Request("support", SUPPORT, verify=True)
    request_sync(stage.draft(), wanted, now=stage.now())


# What Stripe tells.


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
    _known(stage, invoice)
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


def decide_on_void(stage: Stage, decision: str) -> None:
    invoice = next(iter(stage.invoices("void")), None) or hear_of_a_void(stage)
    decide_void(invoice, decision, seen=None, reason="asked", actor=SUPPORT, now=stage.now())


def show_replay(stage: Stage) -> None:
    event_id = arrived(stage, "invoice.deleted", {})
    event = db.session.get_one(WebhookEvent, event_id)
    preview_replay(event, gateway=stage.gateway, now=stage.now())


def restore_schedule(stage: Stage) -> None:
    """Ask for the schedule of a draft that somebody switched off at Stripe."""
    invoice = stage.draft()
    _known(stage, invoice)
    invoice.automatically_finalizes_at = None
    checkpoint()
    ask_for_schedule(invoice, actor=SUPPORT, now=stage.now())
    request_sync(invoice, Request("support", SUPPORT), now=stage.now())


def new_links(stage: Stage) -> None:
    """Read the links of an invoice anew."""
    invoice = stage.draft()
    _known(stage, invoice)
    renew_links(invoice, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def _known(stage: Stage, invoice: Invoice) -> str:
    """Return Stripe's id of the draft, synced now if it has none."""
    if invoice.stripe_invoice_id is None:
        adjust(stage)
        carry_out(stage)
        db.session.refresh(invoice)
    return invoice.stripe_invoice_id or "in_none"


def _execute(stage: Stage, run: SyncRun) -> None:
    execute(
        run.id,
        gateway=stage.gateway,
        checkpoint=checkpoint,
        clock=lambda: stage.begun + timedelta(seconds=stage.number()),
        pause=lambda _seconds: None,
        owner=f"worker-{stage.number()}",
    )


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


CARD = {"id": "pm_1", "card": {"brand": "visa", "last4": "4242"}}
VERBS: Mapping[str, Act] = {
    "report usage": report,
    "report usage, the other way round": lambda stage: report(stage, backwards=True),
    "report more than a line may hold": report_much,
    "report usage and read": report_and_count,
    "report usage and fold": report_and_fold,
    "attach": lambda stage: stage.attach(),
    "attach a list": attach_list,
    "detach": detach,
    "change quantity": change,
    "adjust": adjust,
    "reprice": reprice,
    "roll early": roll,
    "preview a roll": show_roll,
    "close": close_both,
    "close, the other way round": lambda stage: close_both(stage, backwards=True),
    "seal": seal_both,
    "seal without waiting": lambda stage: seal_both(stage, wait=False),
    "park and let go": hold_and_let_go,
    "hold what is stuck": hold_what_is_stuck,
    "request a sync": ask,
    "request both syncs": ask_for_both,
    "request both without waiting": lambda stage: ask_for_both(stage, wait=False),
    "preview a sync": show_sync,
    "sync": carry_out,
    "sync for good": lambda stage: carry_out(stage, trigger="final", status="sealed"),
    "settle": settle,
    "reconcile": reconcile,
    "find the draft gone": find_it_gone,
    "find the customer gone": find_customer_gone,
    "change details": change_details,
    "change details and sync": lambda stage: change_details(stage, sync=True),
    "hear of a new name": hear_of_a_new_name,
    "take Stripe's name": lambda stage: decide_on_a_name(stage, take_theirs),
    "send our name": lambda stage: decide_on_a_name(stage, send_ours),
    "take ours": lambda stage: decide(stage, "take_ours"),
    "adopt": lambda stage: decide(stage, "adopt"),
    "leave": lambda stage: decide(stage, "leave"),
    "hear of an update": lambda stage: hear(stage, "invoice.updated"),
    "hear of a finalization": lambda stage: hear(stage, "invoice.finalized", status="open"),
    "hear of the end": hear_of_the_end,
    "hear of many": hear_of_many,
    "hear of many, the other way round": lambda stage: hear_of_many(stage, backwards=True),
    "read again": read_again,
    "hear of a refund": hear_of_a_refund,
    "hear of a void": hear_of_a_void,
    "bill what was void": lambda stage: decide_on_void(stage, "bill"),
    "write off what was void": lambda stage: decide_on_void(stage, "write_off"),
    "hear of a failure": lambda stage: hear(stage, "invoice.finalization_failed"),
    "hear of a deletion": lambda stage: hear(stage, "invoice.deleted"),
    "hear of a deleted customer": lambda stage: hear(stage, "customer.deleted"),
    "hear of a card": lambda stage: hear(stage, "payment_method.attached", **CARD),
    "hear of a default card": lambda stage: hear(stage, "customer.updated"),
    "ask for the schedule": restore_schedule,
    "renew links": new_links,
    "preview a replay": show_replay,
}


def act(name: str, stage: Stage) -> None:
    """Do the verb; that the other one left it nothing to do is as good as done."""
    try:
        VERBS[name](stage)
    except BillingError:
        db.session.rollback()
