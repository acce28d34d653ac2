"""Detach a service."""

from __future__ import annotations

from datetime import datetime

from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import lock_open
from dashboard.billing.period import whole_second
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.services.instant import effective_instant
from dashboard.services.models import Service


class AlreadyDetached(Conflict):
    """The service ended at another instant."""

    code = "already_detached"


def detach_service(
    service: Service, *, at: datetime | None = None, now: datetime, actor: Actor
) -> Service:
    """End the service at `at` (None: now) and return it; the same again changes nothing.

    Its fee is billed to the second, wherever the invoices stand: a backdated end gives back what
    was billed too much, on the current invoice when the cycle is sealed. Raises AlreadyDetached
    when it ended at another instant, Invalid before its attachment.
    """
    locked = lock_open({service.organization_id})
    db.session.refresh(service)
    if service.detached_at is not None:
        return _ended(service, at)
    instant = effective_instant(service.organization_id, at, now=now)
    if instant < service.attached_at:
        raise Invalid(
            f"The service was attached at {service.attached_at.isoformat()}, after that. "
            "Nothing was changed. Choose a later instant.",
            field="at",
        )
    service.detached_at = instant
    db.session.flush()
    rate_effects([service], locked, since=instant, now=now)
    record("service.detached", service, actor, {"at": instant.isoformat()}, now=now)
    return service


def _ended(service: Service, at: datetime | None) -> Service:
    if at is not None and service.detached_at != whole_second(at):
        raise AlreadyDetached(
            f"The service was detached at {service.detached_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was "
            "changed. Correct what was billed by a charge or credit with a reason."
        )
    return service
