"""Reissues: planned by a person, carried out by a worker or refused, told by Stripe."""

from __future__ import annotations

from dashboard.approvals.propose import Wanted
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import plan_reissue, taking_of
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.money import Money
from dashboard.sync.void_and_bill import void_and_bill
from dashboard.transaction import checkpoint
from dashboard.webhooks.process import process
from tests.factories import SUPPORT
from tests.locks.four_eyes import approved
from tests.locks.stage import Stage
from tests.locks.told import arrived, issue


def reissue(stage: Stage) -> None:
    """Take an issued invoice back, and have it voided and billed again."""
    _carry_out(stage, _planned(stage, issue(stage)))


def reissue_in_vain(stage: Stage) -> None:
    """Take back what somebody has voided at Stripe meanwhile."""
    row = _planned(stage, issue(stage))
    stage.gateway.void_invoice(row.stripe_invoice_id, key=f"somebody-{stage.number()}")
    _carry_out(stage, row)


def hear_of_a_reissue(stage: Stage) -> None:
    """Let Stripe tell of the void before its worker does."""
    invoice = issue(stage)
    _planned(stage, invoice)
    event_id = arrived(stage, "invoice.voided", {"status": "void"}, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def reissue_what_is_void(stage: Stage) -> None:
    """Bill again at once what somebody voided since it was shown."""
    invoice = issue(stage)
    cents = taking_of(invoice).cents
    event_id = arrived(stage, "invoice.voided", {"status": "void"}, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())
    checkpoint()
    _plan(stage, invoice, cents)


def reissue_what_was_edited(stage: Stage) -> None:
    """Take back what is another bill at Stripe by now."""
    row = _planned(stage, issue(stage))
    row.stripe_invoice_id = f"in_{stage.number()}"
    checkpoint()
    _carry_out(stage, row)


def show_reissue(stage: Stage) -> None:
    """Show what it would do."""
    preview_reissue(issue(stage), now=stage.now())


def approve_a_reissue(stage: Stage) -> None:
    """Approve that an issued invoice is taken back."""
    invoice = issue(stage)
    terms = {"sequence": invoice.sequence, "paid_part": "refund", "description": ""}
    amount = Money(taking_of(invoice).cents, "usd")
    approved(stage, Wanted("reissue", f"invoice:{invoice.sequence}", amount, terms, "Asked"))


def _planned(stage: Stage, invoice: Invoice) -> Reissue:
    row = _plan(stage, invoice, taking_of(invoice).cents)
    checkpoint()
    return row


def _plan(stage: Stage, invoice: Invoice, cents: int) -> Reissue:
    return plan_reissue(
        invoice, seen_cents=cents, reason="Asked", key=f"reissue-{stage.number()}", actor=SUPPORT,
        now=stage.now(),
    )  # fmt: skip


def _carry_out(stage: Stage, row: Reissue) -> None:
    with stage.work_on(row.invoice) as work:
        void_and_bill(row, work)
