"""A bill that Stripe made differently: decided on by a person, alone or by two."""

from __future__ import annotations

from dashboard.approvals.propose import Wanted
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.reverse import reverse_adjustment
from dashboard.money import Money
from dashboard.transaction import checkpoint
from dashboard.webhooks.process import process
from tests.factories import SUPPORT
from tests.locks.four_eyes import approved
from tests.locks.stage import Stage
from tests.locks.told import arrived, issue
from tests.support.differences import bill_differently

CENTS = 300


def carry_a_difference(stage: Stage) -> None:
    """Carry it to the current invoice, and take that back again."""
    made = decide_difference(
        _different(stage), "carry", seen_cents=CENTS, reason="", key=f"d-{stage.number()}",
        actor=SUPPORT, now=stage.now(),
    )  # fmt: skip
    checkpoint()
    if made.adjustment is not None:
        reverse_adjustment(made.adjustment, reason="No", actor=SUPPORT, now=stage.now())


def credit_a_difference(stage: Stage) -> None:
    """Plan a credit note over it."""
    decide_difference(
        _different(stage), "credit", seen_cents=CENTS, reason="", key=f"d-{stage.number()}",
        actor=SUPPORT, now=stage.now(),
    )  # fmt: skip


def void_what_was_carried(stage: Stage) -> None:
    """Let Stripe void the bill of which a difference was carried."""
    invoice = _different(stage)
    decide_difference(
        invoice, "carry", seen_cents=CENTS, reason="", key=f"d-{stage.number()}", actor=SUPPORT,
        now=stage.now(),
    )  # fmt: skip
    checkpoint()
    event_id = arrived(stage, "invoice.voided", {"status": "void"}, invoice)
    process(event_id, gateway=stage.gateway, checkpoint=checkpoint, now=stage.now())


def show_a_difference(stage: Stage) -> None:
    """Show what can be done about it."""
    invoice = _different(stage)
    offered(invoice, current_invoice(invoice.organization))


def approve_a_difference(stage: Stage) -> None:
    """Approve that it is carried over."""
    invoice = _different(stage)
    terms = {
        "sequence": invoice.sequence, "decision": "carry", "cents": CENTS, "paid_part": "refund",
        "description": "Correction",
    }  # fmt: skip
    subject = f"invoice:{invoice.sequence}"
    approved(stage, Wanted("difference", subject, Money(-CENTS, "usd"), terms, "Asked"))


def _different(stage: Stage) -> Invoice:
    invoice = issue(stage)
    bill_differently(invoice, CENTS)
    checkpoint()
    return invoice
