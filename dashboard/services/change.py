"""Change how many of a service an organization has."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.bounds import check_fees, most_times
from dashboard.billing.cause import Cause
from dashboard.billing.effects import rate_effects
from dashboard.billing.locks import share_price
from dashboard.billing.models import BillingCycle
from dashboard.billing.period import whole_second
from dashboard.billing.roll import open_invoices
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import plain
from dashboard.services.instant import effective_instant
from dashboard.services.models import Service, ServiceChange


class ChangeExists(Conflict):
    """Another quantity was set for the same instant."""

    code = "change_exists"


def change_quantity(
    service: Service, quantity: Decimal, *, at: datetime | None = None, now: datetime, actor: Actor
) -> ServiceChange:
    """Set the quantity from `at` (None: now) on; return the change, one for the same again.

    The time before and after are segments of one fee, each at its quantity. Raises Invalid outside
    the time attached and for metered services, ChangeExists.
    """
    organization = db.session.get_one(Organization, service.organization_id)
    share_price(service.price)
    locked = open_invoices([organization], now=now)
    db.session.refresh(service)
    instant, known = when_changed(service, quantity, at=at, now=now)
    if known is not None:
        return known
    check_change(service, quantity, organization, since=instant)
    before = _quantity_at(service, instant)
    change = ServiceChange(
        organization_id=service.organization_id,
        service=service,
        effective_at=instant,
        quantity=quantity,
        created_at=now,
    )
    db.session.add(change)
    db.session.flush()
    rate_effects([service], locked, Cause("quantity", now, actor, service.id), since=instant)
    facts = {"from": plain(before), "to": plain(quantity), "at": instant.isoformat()}
    write_entry("service.changed", service, actor, facts, now=now)
    return change


def when_changed(
    service: Service, quantity: Decimal, *, at: datetime | None, now: datetime
) -> tuple[datetime, ServiceChange | None]:
    """Return from when on a quantity would count, and the change that says so already, if any.

    Raises what `change_quantity` does.
    """
    latest = max(service.changes, key=lambda change: change.effective_at)
    instant = whole_second(effective_instant(service.organization_id, at, now=now))
    if at is None:
        if latest.quantity == quantity:
            return instant, latest
        # A second change within one second takes effect in the next one.
        instant = max(instant, latest.effective_at + timedelta(seconds=1))
    _check(service, instant)
    return instant, _known(service, quantity, instant)


def check_change(
    service: Service,
    quantity: Decimal,
    organization: Organization,
    *,
    since: datetime,
) -> None:
    """Raise `Invalid` where a quantity costs more than a line can be, in any cycle it is billed."""
    times = most_times(service.price, _intervals(service, organization, since=since))
    check_fees(service.price.versions, quantity, since=since, times=times)


def _check(service: Service, instant: datetime) -> None:
    if service.price.kind == "metered":
        raise Invalid(
            "A metered service has no quantity of its own. Nothing was changed. Report its usage.",
            field="quantity",
        )
    ended = service.detached_at is not None and instant >= service.detached_at
    if ended or instant < service.attached_at:
        raise Invalid(
            f"The service is not attached at {instant.isoformat()}. Nothing was changed. Choose a "
            "time when it is attached.",
            field="at",
        )


def _known(service: Service, quantity: Decimal, instant: datetime) -> ServiceChange | None:
    """Return the change that says this already; raise ChangeExists for one that says otherwise."""
    same = next((one for one in service.changes if one.effective_at == instant), None)
    if same is not None and same.quantity != quantity:
        raise ChangeExists(
            f"The quantity from {instant.isoformat()} on is already set to {plain(same.quantity)}. "
            "Nothing was changed. Choose another time."
        )
    return same


def _intervals(service: Service, organization: Organization, *, since: datetime) -> set[str]:
    """Return of which intervals the cycles are that a quantity from `since` on is billed in."""
    ended = service.detached_at
    query = select(BillingCycle.interval).where(
        BillingCycle.organization_id == organization.id, BillingCycle.ends_at > since
    )
    if ended is not None:
        return set(db.session.scalars(query.where(BillingCycle.starts_at < ended)))
    return {organization.cycle_interval, *db.session.scalars(query)}


def _quantity_at(service: Service, instant: datetime) -> Decimal:
    earlier = [change for change in service.changes if change.effective_at <= instant]
    return max(earlier, key=lambda change: change.effective_at).quantity
