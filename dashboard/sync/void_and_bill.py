"""Carry out planned reissues: void at Stripe under the lease, and bill again with that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.credit_room import titled
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import record_reading
from dashboard.billing.reissue import is_planned
from dashboard.billing.reissue_end import refuse_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.extensions import db
from dashboard.gateway.errors import Refused
from dashboard.sync.calls import perform
from dashboard.sync.recover import recover
from dashboard.sync.revisions import adopt, latest
from dashboard.sync.stripe_calls.issued import VoidInvoice
from dashboard.sync.work import Work

UNTOUCHED = "Nothing was voided here, and nothing is billed again."


def void_and_bill(reissue: Reissue, work: Work) -> None:
    """Void the invoice of a planned reissue, or end it with why it cannot be. Safe to repeat.

    `work` is on that invoice. Raises `GatewayError` where the outcome is not known: it stays
    planned, and the next try finds out first what became of the call.
    """
    try:
        # A call that was read back may be made again there, and be refused.
        recover(work)
        if not is_planned(reissue.id):
            return
        why = _why_not(work, reissue)
        if why is None:
            perform(work, VoidInvoice(reissue.stripe_invoice_id, str(reissue.id)))
    except Refused as refusal:
        why = _after_refusal(work, reissue, refusal)
    if why is not None:
        _refuse(work, reissue, why)


def planned_before(at: datetime, *, most: int) -> list[int]:
    """Return the ids of those to void that were planned before an instant, and are so still."""
    query = select(Reissue.id).where(
        Reissue.state == "planned", Reissue.way == "void", Reissue.created_at <= at
    )
    return list(db.session.scalars(query.order_by(Reissue.id).limit(most)))


def _why_not(work: Work, reissue: Reissue) -> str | None:
    """Return why it cannot be voided as it stands here by now, before Stripe is asked."""
    invoice = lock_invoice(work.invoice.id)
    called = titled(invoice)
    if invoice.stripe_invoice_id != reissue.stripe_invoice_id:
        return f"{called} was edited at Stripe meanwhile, and its revision stands. {UNTOUCHED}"
    if invoice.status == "paid":
        return (
            f"{called} was paid meanwhile. {UNTOUCHED} Reissue it again: a credit note takes it "
            "back then."
        )
    return None


def _after_refusal(work: Work, reissue: Reissue, refusal: Refused) -> str | None:
    """Read what made Stripe refuse; return why it ends, None where it is void and so done."""
    work.checkpoint()
    found = latest(work.gateway, work.gateway.invoice(reissue.stripe_invoice_id))
    invoice = lock_invoice(work.invoice.id)
    is_ours = found.id == invoice.stripe_invoice_id or adopt(invoice, found, now=work.clock())
    if is_ours:
        record_reading(invoice, found, now=work.clock())
        settle_difference(invoice, now=work.clock())
    db.session.flush()
    if not is_planned(reissue.id):
        return None
    return _why_not(work, reissue) or f"{refusal.message} {UNTOUCHED} Look at it, and begin again."


def _refuse(work: Work, reissue: Reissue, why: str) -> None:
    lock_invoice(reissue.invoice_id)
    if is_planned(reissue.id):
        refuse_reissue(reissue, why, now=work.clock())
    work.checkpoint()
