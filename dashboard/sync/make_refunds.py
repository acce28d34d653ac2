"""Make planned refunds at Stripe: a call that no sync makes, under the invoice's lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.locks import lock_invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.refunds import is_planned, refuse_refund, why_not_now
from dashboard.extensions import db
from dashboard.gateway.errors import Refused
from dashboard.gateway.refund_records import RefundDraft
from dashboard.installation import this_installation
from dashboard.sync.calls import perform
from dashboard.sync.recover import recover
from dashboard.sync.stripe_calls.refunds import MakeRefund
from dashboard.sync.work import Work


def make_refund(refund: Refund, work: Work) -> None:
    """Make a planned refund, or end it with why it cannot be made.

    `work` is on its invoice. Safe to repeat. Raises `GatewayError` where the outcome is not known:
    it stays planned, and the next try finds out first what became of the call.
    """
    try:
        # A call that was read back may be made again there, and be refused.
        recover(work)
        if not is_planned(refund.id):
            return
        # A dispute may have come in since: a refund beside it would return the money twice.
        why = why_not_now(refund, lock_invoice(refund.invoice_id))
        if why is None:
            perform(work, MakeRefund(draft_of(refund)))
    except Refused as refusal:
        why = f"{refusal.message} Nothing was refunded. Look at what is left, and begin again."
    if why is not None:
        _refuse(work, refund, why)


def draft_of(refund: Refund) -> RefundDraft:
    """Return what Stripe is told of a refund."""
    return RefundDraft(
        invoice_id=str(refund.invoice.stripe_invoice_id),
        refund=str(refund.id),
        installation=this_installation().identity,
        paid_by=refund.paid_by,
        amount_cents=refund.amount_cents,
        is_duplicate=refund.purpose == "duplicate",
    )


def planned_before(at: datetime, *, most: int) -> list[int]:
    """Return the ids of refunds that were planned before an instant, and are so still."""
    query = select(Refund.id).where(Refund.state == "planned", Refund.created_at <= at)
    return list(db.session.scalars(query.order_by(Refund.id).limit(most)))


def _refuse(work: Work, refund: Refund, why: str) -> None:
    lock_invoice(refund.invoice_id)
    if is_planned(refund.id):
        refuse_refund(refund, why, now=work.clock())
    work.checkpoint()
