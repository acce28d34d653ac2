"""Attach a price to an organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import lock_open
from dashboard.billing.period import whole_second
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain
from dashboard.pricing.models import Price
from dashboard.pricing.versions import version_at
from dashboard.services.instant import effective_instant
from dashboard.services.models import Service, ServiceChange


@dataclass(frozen=True, slots=True)
class Attachment:
    """What to attach: so many, since when (None: now), and the sub-system's own id of the thing."""

    quantity: Decimal = Decimal(1)
    at: datetime | None = None
    label: str = ""
    external_id: str | None = None


class ServiceExists(Conflict):
    """The external id names a service that was attached otherwise."""

    code = "service_exists"


def attach_service(
    organization: Organization, price: Price, wanted: Attachment, *, now: datetime, actor: Actor
) -> Service:
    """Return the service, attached now unless its external id was attached in the same way before.

    The open invoices bill it in the same transaction; a backdated one that reaches into a cycle
    already sealed is billed for that part on the current invoice. Raises ServiceExists, Invalid.
    """
    locked = lock_open({organization.id})
    existing = _by_external_id(organization, wanted.external_id)
    if existing is not None:
        return _same(existing, price, wanted)
    at = effective_instant(organization.id, wanted.at, now=now)
    _check(organization, price, wanted.quantity, at)
    service = Service(
        organization_id=organization.id,
        price=price,
        external_id=wanted.external_id,
        label=wanted.label or price.name,
        attached_at=at,
        created_at=now,
    )
    service.changes = [
        ServiceChange(
            organization_id=organization.id,
            effective_at=at,
            quantity=wanted.quantity,
            created_at=now,
        )
    ]
    db.session.add(service)
    db.session.flush()
    rate_effects([service], locked, since=at, now=now)
    facts = {"price": price.code, "quantity": plain(wanted.quantity), "at": at.isoformat()}
    record("service.attached", service, actor, facts, now=now)
    return service


def _check(organization: Organization, price: Price, quantity: Decimal, at: datetime) -> None:
    if price.currency != organization.currency:
        raise Invalid(
            f"{price.code} is priced in {price.currency.upper()}, {organization.slug} is billed in "
            f"{organization.currency.upper()}. Nothing was attached. Choose another price.",
            field="price",
        )
    if version_at(price, at) is None:
        raise Invalid(
            f"{price.code} costs nothing yet at {at.isoformat()}: its first version comes later. "
            "Nothing was attached. Attach it from then on.",
            field="at",
        )
    if price.kind == "metered" and quantity != 1:
        raise Invalid(
            "A metered service has no quantity of its own. Nothing was attached. Leave it out.",
            field="quantity",
        )


def _by_external_id(organization: Organization, external_id: str | None) -> Service | None:
    if external_id is None:
        return None
    query = select(Service).where(
        Service.organization_id == organization.id, Service.external_id == external_id
    )
    return db.session.scalar(query)


def _same(service: Service, price: Price, wanted: Attachment) -> Service:
    is_same = service.price_id == price.id and service.changes[0].quantity == wanted.quantity
    if wanted.at is not None:
        is_same = is_same and service.attached_at == whole_second(wanted.at)
    if not is_same:
        raise ServiceExists(
            f"{wanted.external_id} was attached with another price, quantity or instant. Nothing "
            "was changed. Change its quantity, or attach under another external id."
        )
    return service
