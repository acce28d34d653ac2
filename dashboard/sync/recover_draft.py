"""Recover the calls of a draft before a plan is made of what they left at Stripe."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.extensions import db
from dashboard.gateway.errors import Missing
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.missing import resolve_missing
from dashboard.sync.models import SyncStep
from dashboard.sync.recover import end_read_back, open_steps, recover_step


def recover_draft(work: DraftWork) -> None:
    """Bring every open call of the invoice to an outcome; raises `GatewayError`."""
    for step in open_steps(work):
        try:
            reply = recover_step(work, step)
        except Missing as error:
            resolve_missing(work, error)
            end_read_back(work, step)
        else:
            if isinstance(reply, RemoteInvoice) and was_followed(step):
                look_again(work, reply)


def was_followed(step: SyncStep) -> bool:
    """Whether a later call of the invoice was made already, as the one that held it."""
    later = select(SyncStep.id).where(
        SyncStep.invoice_id == step.invoice_id, SyncStep.id > step.id, SyncStep.outcome.is_not(None)
    )
    return db.session.scalar(later.limit(1)) is not None


def look_again(work: DraftWork, replayed: RemoteInvoice) -> None:
    """Read the invoice: the reply that Stripe remembered shows it as it was before later calls."""
    work.checkpoint()
    found = work.gateway.invoice(replayed.id)
    if found.status == "draft":
        extend(work.lease, now=work.clock())
        record_invoice(work, found)
