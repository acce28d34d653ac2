"""Services as pages read them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, func, select
from sqlalchemy.orm import contains_eager

from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import MOST_COUNTED, Counted, Page
from dashboard.pricing.models import Price
from dashboard.services.models import Service, ServiceChange

SIZE = 50


@dataclass(frozen=True, slots=True)
class ListedService:
    """A service and the quantity it has; None for metered ones, whose usage is counted instead."""

    service: Service
    quantity: Decimal | None

    def state(self, now: datetime) -> str:
        """Return attached or detached, as of `now`."""
        ended = self.service.detached_at is not None and self.service.detached_at <= now
        return "detached" if ended else "attached"


def list_services(organization: Organization, *, number: int = 1) -> Page[ListedService]:
    """Return a page of the organization's services, attached ones first: two queries."""
    mine = Service.organization_id == organization.id
    total = db.session.scalar(select(func.count()).select_from(Service).where(mine))
    latest = (
        select(ServiceChange.quantity)
        .where(ServiceChange.service_id == Service.id)
        .order_by(ServiceChange.effective_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Service, latest)
        .join(Service.price)
        .options(contains_eager(Service.price))
        .where(mine)
        .order_by(case((Service.detached_at.is_(None), 0), else_=1), Service.label, Service.id)
        .limit(SIZE)
        .offset((number - 1) * SIZE)
    )
    return Page([_listed(*row) for row in rows], number, SIZE, total or 0)


def services_on(price: Price) -> Counted:
    """Return how many services have the price, as far as anybody counts."""
    some = select(Service.id).where(Service.price_id == price.id, Service.detached_at.is_(None))
    query = select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery())
    return Counted.of(db.session.scalar(query) or 0)


def _listed(service: Service, quantity: Decimal | None) -> ListedService:
    return ListedService(service, quantity if service.price.kind == "recurring" else None)
