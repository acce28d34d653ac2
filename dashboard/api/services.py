"""Services: attached, changed, detached."""

from collections.abc import Sequence

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import (
    Operation,
    answer,
    checked,
    operation,
    raw_body,
    read_body,
    read_query,
)
from dashboard.api.schemas.services import (
    AttachIn,
    AttachOut,
    ChangeIn,
    DetachmentIn,
    DetachmentOut,
    EndQuery,
    PastPreviewOut,
    QuantityQuery,
    ServiceBatchIn,
    ServiceBatchOut,
    ServiceIn,
    ServiceList,
    ServiceOut,
    ServiceQuery,
)
from dashboard.bounds import LIST
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.pricing.catalog import price_by_code, prices_by_code
from dashboard.services.attach import attach_service, attach_services
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.listing import list_services
from dashboard.services.models import Service
from dashboard.services.past_preview import preview_end, preview_quantity

bp = Blueprint("services", __name__, url_prefix="/organizations/<slug>/services")


@bp.get("")
@permission("api.services.read")
@operation(Operation("List services", {200: ServiceList}, query=ServiceQuery))
def index(slug: str) -> Response:
    """List an organization's services."""
    wanted = read_query(ServiceQuery)
    page = list_services(caller.organization(slug), number=wanted.page)
    ids = [row.service.id for row in page.rows]
    loaded = select(Service).where(Service.id.in_(ids)).options(selectinload(Service.changes))
    db.session.scalars(loaded.execution_options(populate_existing=True)).all()
    rows = [ServiceOut.of(row.service) for row in page.rows]
    return answer(ServiceList(services=rows, page=page.number, total=page.total))


@bp.post("")
@permission("api.services.write")
@operation(
    Operation(
        "Attach one price or a list; repeating the request attaches it once, a later `at` again",
        {201: AttachOut},
        body=AttachIn,
    )
)
def create(slug: str) -> Response:
    """Attach a price to the organization, or several together."""
    raw = raw_body(LIST)
    if b'"services"' in raw:
        return _create_all(slug, checked(ServiceBatchIn, raw).services)
    wanted = checked(ServiceIn, raw)
    price, attachment = price_by_code(wanted.price), wanted.attachment()
    organization = caller.organization(slug)
    service = attach_service(organization, price, attachment, now=utc_now(), actor=caller.actor())
    return answer(ServiceOut.of(service), 201)


def _create_all(slug: str, wanted: Sequence[ServiceIn]) -> Response:
    organization = caller.organization(slug)
    prices = prices_by_code([one.price for one in wanted])
    services = attach_services(
        organization,
        [(prices[one.price], one.attachment()) for one in wanted],
        now=utc_now(),
        actor=caller.actor(),
    )
    told = [ServiceOut.of(service) for service in services]
    return answer(ServiceBatchOut.model_construct(services=told), 201)


@bp.post("/<int:service_id>/detachment")
@permission("api.services.write")
@operation(
    Operation(
        "Detach a service; usage recorded after its end is taken off the bill",
        {200: DetachmentOut},
        body=DetachmentIn,
    )
)
def detach(slug: str, service_id: int) -> Response:
    """End a service."""
    wanted = read_body(DetachmentIn)
    service = _service(slug, service_id)
    ended = detach_service(service, at=wanted.at, now=utc_now(), actor=caller.actor())
    return answer(DetachmentOut.told(ended))


@bp.get("/<int:service_id>/detachment/preview")
@permission("api.services.read")
@operation(
    Operation(
        "Read what detaching a service would change of its bills",
        {200: PastPreviewOut},
        query=EndQuery,
    )
)
def preview_detach(slug: str, service_id: int) -> Response:
    """Read which issued bills its time is on, and how the next one changes; changes nothing."""
    caller.counted_organization(slug)
    wanted, service = read_query(EndQuery), _service(slug, service_id)
    return answer(PastPreviewOut.of(preview_end(service, at=wanted.at, now=utc_now())))


@bp.get("/<int:service_id>/changes/preview")
@permission("api.services.read")
@operation(
    Operation(
        "Read what another quantity of a service would change of its bills",
        {200: PastPreviewOut},
        query=QuantityQuery,
    )
)
def preview_change(slug: str, service_id: int) -> Response:
    """Read which issued bills its time is on, and how the next one changes; changes nothing."""
    caller.counted_organization(slug)
    wanted, service = read_query(QuantityQuery), _service(slug, service_id)
    shown = preview_quantity(service, wanted.quantity, at=wanted.at, now=utc_now())
    return answer(PastPreviewOut.of(shown))


@bp.post("/<int:service_id>/changes")
@permission("api.services.write")
@operation(Operation("Change the quantity of a service", {201: ServiceOut}, body=ChangeIn))
def change(slug: str, service_id: int) -> Response:
    """Change how many of a service there are."""
    wanted = read_body(ChangeIn)
    service = _service(slug, service_id)
    change_quantity(service, wanted.quantity, at=wanted.at, now=utc_now(), actor=caller.actor())
    db.session.refresh(service)
    return answer(ServiceOut.of(service), 201)


def _service(slug: str, service_id: int) -> Service:
    organization = caller.organization(slug)
    query = select(Service).where(
        Service.id == service_id, Service.organization_id == organization.id
    )
    service = db.session.scalar(query)
    if service is None:
        raise NotFound(
            f"{slug} has no service {service_id}. Nothing was changed. List its services first."
        )
    return service
