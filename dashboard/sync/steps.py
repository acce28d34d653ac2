"""Steps: a call that is intended, committed before it is sent, until its outcome is known."""

from __future__ import annotations

import json
import secrets

from sqlalchemy import insert, inspect
from sqlalchemy.orm import make_transient_to_detached

from dashboard.extensions import db
from dashboard.statement import Statement, parameter
from dashboard.sync.lease import extend
from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls.base import Reply, StripeCall, W
from dashboard.sync.work import Work


def intend(work: W, wanted: StripeCall[W]) -> SyncStep:
    """Return a new step; the caller commits it before sending.

    The key is kept with the step, so it is the same on every repetition. Its random tail keeps a
    database restored from a backup from meeting keys that Stripe still remembers.
    """
    now = work.clock()
    extend(work.lease, now=now)
    position = work.count_call()
    step = SyncStep(
        organization_id=work.invoice.organization_id,
        run_id=None if work.run is None else work.run.id,
        invoice_id=work.invoice.id,
        position=position,
        operation=wanted.operation,
        body=wanted.body(),
        idempotency_key=f"{work.key_prefix}-{position}-{secrets.token_hex(4)}",
        fence=work.lease.fence,
        attempts=1,
        sent_at=now,
        finished_at=None,
        outcome=None,
        stripe_request_id=None,
        error_code=None,
        error=None,
    )
    insert_step(step)
    work.has_open_steps = True
    return step


def insert_step(step: SyncStep) -> None:
    """Insert a step of which all is said but its id; the session has it as if it had read it."""
    told = {name: getattr(step, name) for name in _TOLD}
    [(step.id,)] = _INSERT.rows(**told | {"body": json.dumps(step.body)})
    make_transient_to_detached(step)
    db.session.add(step)


_TOLD = (
    "organization_id", "run_id", "invoice_id", "position", "operation", "body", "idempotency_key",
    "fence", "attempts", "sent_at",
)  # fmt: skip
_INSERT = Statement(
    insert(SyncStep)
    .values({name: parameter(name, inspect(SyncStep).columns[name].type) for name in _TOLD})
    .returning(SyncStep.id)
)


def finish(step: SyncStep, outcome: str, work: Work, reply: Reply = None) -> None:
    """End a step: from now on it needs no recovery. Raises `LeaseLost`.

    Whoever took the invoice over has recovered the step already, and knows newer things.
    """
    extend(work.lease, now=work.clock())
    step.outcome = outcome
    step.finished_at = work.clock()
    work.ended(step)
    if reply is not None:
        step.stripe_request_id = reply.request_id
