"""Write one line of the audit trail, in the transaction of the change it tells of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect
from structlog.contextvars import get_contextvars

from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.extensions import Model, db


def write_entry(
    action: str,
    subject: Model,
    actor: Actor,
    facts: Mapping[str, Any] | None = None,
    *,
    reason: str | None = None,
    now: datetime | None = None,
) -> AuditEntry:
    """Add and return the entry saying that `actor` did `action` to `subject`.

    `action` is "<noun>.<past verb>", such as "invoice.rolled". `subject` is any row with an integer
    key; a new one is flushed to learn it. `facts` are the JSON-safe values before and after,
    amounts as cents with their currency. Without `now` the entry bears the instant at which the
    transaction began.
    """
    if inspect(subject).pending:
        db.session.flush()
    entry = AuditEntry(
        at=now or func.now(),
        action=action,
        organization_id=_organization_id(subject),
        subject_type=subject.__tablename__,
        subject_id=getattr(subject, "id", None),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        facts=dict(facts or {}),
        reason=reason,
        request_id=get_contextvars().get("request_id"),
    )
    db.session.add(entry)
    return entry


def _organization_id(subject: Model) -> int | None:
    if subject.__tablename__ == "organizations":
        return int(subject.id)  # type: ignore[attr-defined]  # every row of this table has one
    return getattr(subject, "organization_id", None)
