"""Recover interrupted steps: find out what a call did whose result was never recorded.

Inside 23 hours the same key and body are sent again, which Stripe answers from memory; later, or
where the key only replays a failure or the call is wanted no more, the object is read back and its
metadata decides. A second `add_lines` is never sent on a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import BigInteger, select

from dashboard.extensions import db
from dashboard.gateway.errors import KeyMismatch, Refused, ServerFailed
from dashboard.statement import Statement, parameter
from dashboard.sync.calls import perform, record, send
from dashboard.sync.effects import is_about
from dashboard.sync.lease import extend
from dashboard.sync.models import SyncStep
from dashboard.sync.steps import finish
from dashboard.sync.stripe_calls import call_of
from dashboard.sync.stripe_calls.base import Reply, StripeCall, W
from dashboard.sync.work import Work

# Stripe keeps a key for at least 24 hours; the hour between is for clocks and slow calls.
KEY_LIFE = timedelta(hours=23)
# Errors after which sending the same key again can teach nothing.
REPLAY_IS_USELESS = frozenset((ServerFailed.code, KeyMismatch.code))


def recover(work: Work) -> None:
    """Bring every open call of the invoice to an outcome, but for those that need its sync.

    What a call did is then noted as if its reply had come: whoever wanted it looks at that before
    asking again. Raises `GatewayError`.
    """
    for step in open_steps(work):
        if not call_of(step).needs_sync:
            recover_step(work, step)


def open_steps(work: Work) -> Iterator[SyncStep]:
    """Yield the calls of the invoice without an outcome, oldest first."""
    if not work.has_open_steps:
        return
    db.session.flush()
    for (number,) in _OPEN_STEPS.rows(invoice=work.invoice.id):
        yield db.session.get_one(SyncStep, number)


_OPEN_STEPS = Statement(
    select(SyncStep.id)
    .where(SyncStep.invoice_id == parameter("invoice", BigInteger), SyncStep.outcome.is_(None))
    .order_by(SyncStep.id)
)


def recover_step(work: Work, step: SyncStep) -> Reply:
    """Bring one step to an outcome; return the reply that Stripe gave once more, if it did.

    Raises `Missing`, and leaves the step open, where what is to be read back is not there.
    """
    sent = call_of(step)
    age = work.clock() - step.sent_at
    is_useless = age >= KEY_LIFE or step.error_code in REPLAY_IS_USELESS
    if is_useless or not sent.is_still_wanted(work):
        read_back(work, step, sent)
        return None
    extend(work.lease, now=work.clock())
    step.attempts += 1
    work.checkpoint()
    try:
        reply = send(work, step, sent)
    except (ServerFailed, KeyMismatch):
        read_back(work, step, sent)
        return None
    except Refused:
        # The step ended as refused; whoever makes the call anew meets the reason and names it.
        return None
    record(work, step, sent, reply)
    work.checkpoint()
    return reply


def read_back(work: W, step: SyncStep, sent: StripeCall[W]) -> None:
    """Decide by what Stripe has now."""
    extend(work.lease, now=work.clock())
    work.checkpoint()
    # An invoice that is gone or replaced took with it whatever the step did to it.
    if is_about(work, sent.about):
        work.checkpoint()
        again = sent.read_back(work)
        if again is not None:
            # With the same commit that intends it: were both open, each would be made by itself.
            finish(step, "read_back", work)
            perform(work, again)
            work.checkpoint()
            return
    end_read_back(work, step)


def end_read_back(work: Work, step: SyncStep) -> None:
    """End a step of which Stripe was asked what it did."""
    finish(step, "read_back", work)
    work.checkpoint()
