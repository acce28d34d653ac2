"""Syncs, and what they find at Stripe."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy, set_policy
from dashboard.bulk.begin import Wish, begin, cancel
from dashboard.bulk.carry_on import carry_on
from dashboard.bulk.verbs import VERBS
from dashboard.extensions import db
from dashboard.sync.calls import perform
from dashboard.sync.decide import decide_line
from dashboard.sync.models import AddedLine, SyncRun, SyncStep
from dashboard.sync.recover import recover
from dashboard.sync.request import Request, preview, request_sync, request_syncs
from dashboard.sync.run import execute
from dashboard.sync.stripe_calls.customers import UpdateCustomer
from dashboard.sync.stripe_draft import ask_for_schedule
from dashboard.sync.tax_waive import waive_tax
from dashboard.transaction import checkpoint
from tests.factories import SUPPORT
from tests.locks.facts import adjust
from tests.locks.life import roll
from tests.locks.stage import Stage


def ask(stage: Stage) -> None:
    request_sync(stage.draft(), Request("support", SUPPORT), now=stage.now())


def ask_for_both(stage: Stage, *, wait: bool = True) -> None:
    ids = [stage.draft(which).id for which in (1, 0)]
    request_syncs(ids, Request("scheduled"), now=stage.now(), wait=wait)


def act_on_both(stage: Stage) -> None:
    """Begin a bulk action, carry it on by a slice, and cancel the rest."""
    ids = [stage.organization(which).id for which in (1, 0)]
    members = VERBS["sync"].members(ids)
    wish = Wish("asked", 2, {"words": "both", "query": ""})
    act = begin(VERBS["sync"], members, wish, actor=SUPPORT, now=stage.now())
    checkpoint()
    carry_on(act.id, now=stage.now())
    checkpoint()
    cancel(act, actor=SUPPORT, now=stage.now())


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


def bill_with_tax(stage: Stage) -> None:
    """Bring a taxed bill to its end; without an address it is held there, and goes without."""
    invoice = (stage.invoices("sealed") or [stage.draft()])[0]
    set_policy(replace(current_policy(), stripe_tax_product="prod_billing"))
    lock_invoice(invoice.id).automatic_tax = True
    checkpoint()
    carry_out(stage, trigger="final", status="sealed")
    waive_tax(invoice, reason="asked", actor=SUPPORT, now=stage.now())


def call_without_a_sync(stage: Stage) -> None:
    """Tell Stripe of the customer under the invoice's lease, with no run."""
    invoice = stage.draft()
    known(stage, invoice)
    one = invoice.organization
    wanted = UpdateCustomer(str(one.stripe_customer_id), one.name, one.email.lower())
    checkpoint()
    with stage.work_on(invoice) as work:
        recover(work)
        perform(work, wanted)


def reconcile(stage: Stage) -> None:
    """Let Stripe finalize the draft before the ledger was done, then sync."""
    invoice = stage.draft()
    stripe_id = known(stage, invoice)
    stage.gateway.finalize(stripe_id, key=f"somebody-{stage.number()}")
    adjust(stage)
    carry_out(stage)


def find_it_gone(stage: Stage) -> None:
    """Let somebody delete the draft at Stripe, then sync."""
    invoice = stage.draft()
    stage.gateway.delete_draft(known(stage, invoice))
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


def settle(stage: Stage) -> None:
    """Carry out a run that finds a step without an outcome."""
    invoice = stage.draft()
    known(stage, invoice)
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
        select(AddedLine)
        .where(AddedLine.invoice_id == invoice.id, AddedLine.decision.is_(None))
        .limit(1)
    )
    if line is None:
        line = AddedLine(
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


def restore_schedule(stage: Stage) -> None:
    """Ask for the schedule of a draft that somebody switched off at Stripe."""
    invoice = stage.draft()
    known(stage, invoice)
    invoice.automatically_finalizes_at = None
    checkpoint()
    ask_for_schedule(invoice, actor=SUPPORT, now=stage.now())
    request_sync(invoice, Request("support", SUPPORT), now=stage.now())


def known(stage: Stage, invoice: Invoice) -> str:
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
