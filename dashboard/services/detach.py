"""Detach a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.effects import rate_effects
from dashboard.billing.fold import count_waiting
from dashboard.billing.locks import lock_row
from dashboard.billing.period import second_after
from dashboard.billing.roll import open_invoices
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.services.instant import effective_instant
from dashboard.services.models import Service
from dashboard.usage.reassign import reassign_usage
from dashboard.usage.taken_off import Tally, taken_off_by


class AlreadyDetached(Conflict):
    """The service ended at another instant."""

    code = "already_detached"


@dataclass(frozen=True, slots=True)
class Detachment:
    """A service that has ended, and the counted usage that took off; None for recurring prices."""

    service: Service
    taken_off: Tally | None


def detach_service(
    service: Service, *, at: datetime | None = None, now: datetime, actor: Actor
) -> Detachment:
    """End the service at `at` (None: now) and return it; the same again changes nothing.

    Its fee is billed to the second, wherever the invoices stand: a backdated end gives back what
    was billed too much, on the current invoice when the cycle is sealed. So it does with usage
    recorded after the end. Raises AlreadyDetached when it ended at another instant, Invalid before
    its attachment.
    """
    organization = db.session.get_one(Organization, service.organization_id)
    lock_row(organization)
    locked = open_invoices([organization], now=now)
    db.session.refresh(service)
    if service.detached_at is not None:
        return _ended(service, at)
    instant = second_after(effective_instant(service.organization_id, at, now=now))
    check_end(service, instant)
    if service.price.meter is not None:
        count_waiting(locked, now=now)
        organization.services_revision += 1
    service.detached_at = instant
    db.session.flush()
    cause = Cause("detach", now, actor, service.id)
    rate_effects([service], locked, cause, since=instant)
    write_entry("service.detached", service, actor, {"at": instant.isoformat()}, now=now)
    taken_off = reassign_usage(service, locked, cause, since=instant)
    return Detachment(service, taken_off)


def check_end(service: Service, instant: datetime) -> None:
    """Raise `Invalid` where a service was attached only after an instant."""
    if instant < service.attached_at:
        raise Invalid(
            f"The service was attached at {service.attached_at.isoformat()}, after that. Nothing "
            "was changed. Choose a later time.",
            field="at",
        )


def check_same_end(service: Service, at: datetime | None) -> None:
    """Raise `AlreadyDetached` where an ended service ended at another instant than `at`."""
    if at is not None and service.detached_at != second_after(at):
        raise AlreadyDetached(
            f"The service was detached at {service.detached_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was "
            "changed. Correct the bill with a charge or credit."
        )


def _ended(service: Service, at: datetime | None) -> Detachment:
    check_same_end(service, at)
    return Detachment(service, taken_off_by(service))
