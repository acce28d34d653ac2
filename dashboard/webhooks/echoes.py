"""Echoes: events that a call of our own caused, told by the key of that call."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import String, select

from dashboard.extensions import db
from dashboard.statement import any_of
from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls.drafts import Finalize

# What our own calls make Stripe send, and what it is called when it is.
ECHOES = frozenset(("invoice.created", "invoice.updated", "customer.updated", "invoice.finalized"))
# Of this one the bill's state follows: only once the reply to the call has told the same.
ONCE_TOLD = "invoice.finalized"
ECHO = "The echo of a call of our own."


def own_keys(keys: Iterable[str | None]) -> set[str]:
    """Return which of these keys are of calls of our own; a step is committed before its call."""
    asked = [key for key in keys if key is not None]
    if not asked:
        return set()
    query = select(SyncStep.idempotency_key).where(
        SyncStep.idempotency_key == any_of(asked, String)
    )
    return set(db.session.scalars(query))


def recorded_keys(keys: Iterable[str | None]) -> set[str]:
    """Return which of these keys are of finalizations of our own whose replies are recorded."""
    query = select(SyncStep.idempotency_key).where(
        SyncStep.idempotency_key == any_of([key for key in keys if key is not None], String),
        SyncStep.operation == Finalize.operation,
        SyncStep.outcome == "done",
    )
    return set(db.session.scalars(query))
