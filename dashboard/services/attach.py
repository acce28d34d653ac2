"""Attach prices to an organization."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.bounds import check_fees, most_times
from dashboard.billing.cause import Cause
from dashboard.billing.effects import rate_effects
from dashboard.billing.fold import count_waiting
from dashboard.billing.locks import lock_row, share_price
from dashboard.billing.models import BillingCycle
from dashboard.billing.period import whole_second
from dashboard.billing.roll import open_invoices
from dashboard.errors import BillingError, Invalid, at_index
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain
from dashboard.pricing.models import Price
from dashboard.pricing.versions import version_at
from dashboard.services.instant import effective_instant, first_cycle_start
from dashboard.services.known import Attachment, attachments_of, ends_before, known_attachment
from dashboard.services.models import Service, ServiceChange
from dashboard.usage.reassign import reassign_usage, refuse_ambiguity

Wanted = tuple[Price, Attachment]


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
    return _Attaching(organization, now, actor).attach([(price, wanted)])[0]


def attach_services(
    organization: Organization, wanted: Sequence[Wanted], *, now: datetime, actor: Actor
) -> list[Service]:
    """Return the services, attached as `attach_service` does one after the other; all or none.

    The bill is locked and rated once. What refuses one of them tells its index, from 0.
    """
    with db.session.begin_nested():
        # In one order, as whoever shares several does.
        for price in sorted({price for price, _ in wanted}, key=lambda one: one.id):
            share_price(price)
        return _Attaching(organization, now, actor).attach(wanted)


class _Attaching:
    """An organization whose open invoices are held, to have services attached."""

    def __init__(self, organization: Organization, now: datetime, actor: Actor) -> None:
        self.organization, self.now, self.actor = organization, now, actor
        lock_row(organization)
        self.locked = open_invoices([organization], now=now)
        self.first = first_cycle_start(organization.id)
        # By external id, the newest attachment first.
        self.earlier: dict[str, list[Service]] = defaultdict(list)

    def attach(self, wanted: Sequence[Wanted]) -> list[Service]:
        """Attach each that is not attached yet, and bill the new ones together."""
        for service in attachments_of(self.organization, {one.external_id for _, one in wanted}):
            self.earlier[service.external_id or ""].append(service)
        if any(price.meter is not None for price, _ in wanted):
            count_waiting(self.locked, now=self.now)
        services: list[Service] = []
        new: list[Service] = []
        for index, (price, one) in enumerate(wanted):
            try:
                known = self._known(price, one)
                service = known or self._add(price, one)
                if known is None:
                    new.append(service)
            except BillingError as why:
                raise why if len(wanted) == 1 else at_index(why, index) from None
            services.append(service)
        db.session.flush()
        self._bill(new)
        return services

    def _known(self, price: Price, wanted: Attachment) -> Service | None:
        return known_attachment(self.earlier.get(wanted.external_id or "", ()), price, wanted)

    def _add(self, price: Price, wanted: Attachment) -> Service:
        organization, now = self.organization, self.now
        earlier = self.earlier[wanted.external_id] if wanted.external_id else []
        instant = effective_instant(organization.id, wanted.at, now=now, first=self.first)
        at = whole_second(instant)
        at = max(at, ends_before(earlier, default=at))
        _check(organization, price, wanted.quantity, at)
        if price.kind == "recurring":
            times = most_times(price, self._intervals_since(at))
            check_fees(price.versions, wanted.quantity, since=at, times=times)
        service = _made(organization, price, wanted, at, now)
        if price.meter is not None:
            organization.services_revision += 1
            refuse_ambiguity(service, since=at)
        earlier.insert(0, service)
        return service

    def _intervals_since(self, at: datetime) -> set[str]:
        """Return of which intervals the cycles are that a fee from `at` on is billed in."""
        reached = {interval for ends_at, interval in self._cycles if ends_at > at}
        return reached | {self.organization.cycle_interval}

    @cached_property
    def _cycles(self) -> Sequence[tuple[datetime, str]]:
        query = select(BillingCycle.ends_at, BillingCycle.interval)
        own = BillingCycle.organization_id == self.organization.id
        return [(ends_at, name) for ends_at, name in db.session.execute(query.where(own))]

    def _bill(self, services: Sequence[Service]) -> None:
        """Put their fees on the bill, and the usage they cover back."""
        if not services:
            return
        first = min(service.attached_at for service in services)
        rate_effects(services, self.locked, Cause("attach", self.now, self.actor), since=first)
        for service in services:
            facts = {
                "price": service.price.code,
                "quantity": plain(service.changes[0].quantity),
                "at": service.attached_at.isoformat(),
            }
            write_entry("service.attached", service, self.actor, facts, now=self.now)
            cause = Cause("attach", self.now, self.actor, service.id)
            reassign_usage(service, self.locked, cause, since=service.attached_at)


def _made(
    organization: Organization, price: Price, wanted: Attachment, at: datetime, now: datetime
) -> Service:
    first = ServiceChange(
        organization_id=organization.id, effective_at=at, quantity=wanted.quantity, created_at=now
    )
    service = Service(
        organization_id=organization.id,
        price_id=price.id,
        price=price,
        external_id=wanted.external_id,
        label=wanted.label or price.name,
        attached_at=at,
        created_at=now,
        changes=[first],
    )
    db.session.add(service)
    return service


def _check(organization: Organization, price: Price, quantity: Decimal, at: datetime) -> None:
    if price.currency != organization.currency:
        raise Invalid(
            f"{price.code} is priced in {price.currency.upper()}, and {organization.slug} is "
            f"billed in {organization.currency.upper()}. Nothing was attached. Choose another "
            "price.",
            field="price",
        )
    if version_at(price, at) is None:
        raise Invalid(
            f"{price.code} has no version yet at {at.isoformat()}. Nothing was attached. Attach it "
            "from its first version on.",
            field="at",
        )
    if price.kind == "metered" and quantity != 1:
        raise Invalid(
            "A metered service has no quantity of its own. Nothing was attached. Leave it out.",
            field="quantity",
        )
