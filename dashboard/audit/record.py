"""Write one line of the audit trail, in the transaction of the change it tells of."""

from collections.abc import Mapping
from typing import Any

from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.extensions import Model, db


def record(
    action: str,
    subject: Model,
    actor: Actor,
    facts: Mapping[str, Any] | None = None,
    *,
    reason: str | None = None,
) -> AuditEntry:
    """Add and return the entry saying that `actor` did `action` to `subject`.

    `action` is "<noun>.<past verb>", such as "invoice.rolled". `subject` is any row with an id; flush it
    first if it is new. `facts` are the JSON-safe values before and after; amounts go in as cents with
    their currency. The entry is rolled back with the change if that fails.
    """
    entry = AuditEntry(
        action=action,
        organization_id=_organization_id(subject),
        subject_type=subject.__tablename__,
        subject_id=str(subject.id),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        facts=dict(facts or {}),
        reason=reason,
    )
    db.session.add(entry)
    return entry


def _organization_id(subject: Model) -> int | None:
    if subject.__tablename__ == "organizations":
        return int(subject.id)
    return getattr(subject, "organization_id", None)
