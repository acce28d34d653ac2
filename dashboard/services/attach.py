"""Attach a price to an organization."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.billing.bounds import check_fees
from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import share_price
from dashboard.billing.period import whole_second
from dashboard.billing.roll import open_invoices
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain
from dashboard.pricing.models import Price
from dashboard.pricing.versions import version_at
from dashboard.services.instant import effective_instant
from dashboard.services.known import Attachment, attachments_of, ends_before, known_attachment
from dashboard.services.models import Service, ServiceChange
from dashboard.usage.reassign import reassign_usage, refuse_ambiguity


def attach_service(
    organization: Organization, price: Price, wanted: Attachment, *, now: datetime, actor: Actor
) -> Service:
    """Return the service, attached now unless its external id was attached in the same way before.

    The open invoices bill it in the same transaction; a backdated one that reaches into a cycle
    already sealed is billed for that part on the current invoice, and usage that was taken off by
    the end of another is put back where this one covers it. An external id whose service has ended
    is attached anew with an `at` from that end on. Raises ServiceExists, ServiceDetached,
    UsageCounted, Invalid.
    """
    share_price(price)
    locked = open_invoices([organization], now=now)
    earlier = attachments_of(organization, wanted.external_id)
    existing = known_attachment(earlier, price, wanted)
    if existing is not None:
        return existing
    at = whole_second(effective_instant(organization.id, wanted.at, now=now))
    at = max(at, ends_before(earlier, default=at))
    _check(organization, price, wanted.quantity, at)
    service = _made(organization, price, wanted, at, now)
    if price.meter is not None:
        refuse_ambiguity(service, since=at)
    rate_effects([service], locked, since=at, now=now)
    facts = {"price": price.code, "quantity": plain(wanted.quantity), "at": at.isoformat()}
    record("service.attached", service, actor, facts, now=now)
    reassign_usage(service, locked, since=at, now=now, actor=actor)
    return service


def _made(
    organization: Organization, price: Price, wanted: Attachment, at: datetime, now: datetime
) -> Service:
    first = ServiceChange(
        organization_id=organization.id, effective_at=at, quantity=wanted.quantity, created_at=now
    )
    service = Service(
        organization_id=organization.id,
        price=price,
        external_id=wanted.external_id,
        label=wanted.label or price.name,
        attached_at=at,
        created_at=now,
        changes=[first],
    )
    db.session.add(service)
    db.session.flush()
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
    if price.kind == "recurring":
        check_fees(price.versions, quantity, since=at)
