"""Settle interrupted steps: find out what a call did whose result was never recorded.

Inside 23 hours the same key and body are sent again, which Stripe answers from memory; later, or
where the key only replays a failure, the object is read back and its metadata decides. A second
`add_lines` is never sent on a guess.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import BigInteger, select

from dashboard.extensions import db
from dashboard.gateway.errors import KeyMismatch, Missing, Refused, ServerFailed
from dashboard.gateway.records import RemoteInvoice
from dashboard.statement import Statement, parameter
from dashboard.sync.calls import perform, record, send
from dashboard.sync.effects import is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.missing import resolve_missing
from dashboard.sync.models import SyncStep
from dashboard.sync.steps import finish
from dashboard.sync.stripe_calls import call_of
from dashboard.sync.stripe_calls.base import StripeCall
from dashboard.sync.work import Work

# Stripe keeps a key for at least 24 hours; the hour between is for clocks and slow calls.
KEY_LIFE = timedelta(hours=23)
# Errors after which sending the same key again can teach nothing.
REPLAY_IS_USELESS = frozenset((ServerFailed.code, KeyMismatch.code))


def recover(work: Work) -> None:
    """Bring every unsettled step of the invoice to an outcome; raises `GatewayError`."""
    if not work.has_open_steps:
        return
    db.session.flush()
    for (number,) in _OPEN_STEPS.rows(invoice=work.invoice.id):
        recover_step(work, db.session.get_one(SyncStep, number))


_OPEN_STEPS = Statement(
    select(SyncStep.id)
    .where(SyncStep.invoice_id == parameter("invoice", BigInteger), SyncStep.outcome.is_(None))
    .order_by(SyncStep.id)
)


def recover_step(work: Work, step: SyncStep) -> None:
    """Bring one step to an outcome."""
    sent = call_of(step)
    age = work.clock() - step.sent_at
    if age >= KEY_LIFE or step.error_code in REPLAY_IS_USELESS:
        read_back(work, step, sent)
        return
    extend(work.lease, now=work.clock())
    step.attempts += 1
    work.checkpoint()
    try:
        reply = send(work, step, sent)
    except (ServerFailed, KeyMismatch):
        read_back(work, step, sent)
    except Refused:
        # The step ended as refused; the plan that follows meets the reason again and names it.
        return
    else:
        record(work, step, sent, reply)
        work.checkpoint()
        if isinstance(reply, RemoteInvoice) and was_followed(step):
            look_again(work, reply)


def was_followed(step: SyncStep) -> bool:
    """Whether a later call of the invoice was made already, as the one that held it."""
    later = select(SyncStep.id).where(
        SyncStep.invoice_id == step.invoice_id, SyncStep.id > step.id, SyncStep.outcome.is_not(None)
    )
    return db.session.scalar(later.limit(1)) is not None


def look_again(work: Work, replayed: RemoteInvoice) -> None:
    """Read the invoice: the reply that Stripe remembered shows it as it was before later calls."""
    work.checkpoint()
    found = work.gateway.invoice(replayed.id)
    if found.status == "draft":
        extend(work.lease, now=work.clock())
        record_invoice(work, found)


def read_back(work: Work, step: SyncStep, sent: StripeCall) -> None:
    """Decide by what Stripe has now."""
    extend(work.lease, now=work.clock())
    work.checkpoint()
    try:
        # A draft that is gone or replaced took with it whatever the step did to it.
        if is_about(work, sent.about):
            work.checkpoint()
            again = sent.read_back(work)
            if again is not None:
                perform(work, again)
    except Missing as error:
        resolve_missing(work, error)
    finish(step, "read_back", work)
    work.checkpoint()
