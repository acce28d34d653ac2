"""Whether an external id was attached before: the same request again, or a new attachment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.period import whole_second
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.models import Service

SECOND = timedelta(seconds=1)


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


class ServiceDetached(Conflict):
    """The external id names a service that has ended; only an instant tells a repeat from more."""

    code = "service_detached"


def attachments_of(
    organization: Organization, external_ids: Collection[str | None]
) -> Sequence[Service]:
    """Return the attachments of these external ids, the newest first."""
    named = {one for one in external_ids if one is not None}
    if not named:
        return []
    query = select(Service).where(
        Service.organization_id == organization.id, Service.external_id.in_(named)
    )
    # What we waited for may have detached a service that the session holds as it was.
    fresh = query.execution_options(populate_existing=True)
    return db.session.scalars(fresh.order_by(Service.attached_at.desc())).all()


def known_attachment(
    earlier: Sequence[Service], price: Price, wanted: Attachment
) -> Service | None:
    """Return which of the `earlier` attachments is the wanted one, None if it is to be made.

    Raises ServiceExists for one that differs, ServiceDetached without an instant after the end.
    """
    if not earlier:
        return None
    newest = earlier[0]
    if wanted.at is None:
        if newest.detached_at is not None:
            raise ServiceDetached(
                f"{wanted.external_id} was detached at {newest.detached_at.isoformat()}. Nothing "
                "was attached. To attach it again, send an `at` after that.",
                field="at",
            )
        return _same(newest, price, wanted)
    second = whole_second(wanted.at)
    # A new attachment within the second of the end before it was moved to that end.
    begins = (second, *(one.detached_at for one in earlier if one.detached_at == second + SECOND))
    for service in earlier:
        if service.attached_at in begins:
            return _same(service, price, wanted)
    if newest.detached_at is None or newest.detached_at > second + SECOND:
        raise _differs(wanted)
    return None


def ends_before(earlier: Sequence[Service], *, default: datetime) -> datetime:
    """Return when the newest of the `earlier` attachments ended; `default` if there is none."""
    return next((one.detached_at for one in earlier if one.detached_at is not None), default)


def _same(service: Service, price: Price, wanted: Attachment) -> Service:
    has = (service.price_id, service.changes[0].quantity, service.label)
    if has != (price.id, wanted.quantity, wanted.label or price.name):
        raise _differs(wanted)
    return service


def _differs(wanted: Attachment) -> ServiceExists:
    return ServiceExists(
        f"{wanted.external_id} is already attached with another price, quantity, label or time. "
        "Nothing was changed. Change its quantity, detach it first, or use another external id."
    )
