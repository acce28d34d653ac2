"""Services as the API speaks of them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from dashboard.api.schemas.types import (
    ExactDecimal,
    ExternalId,
    Instant,
    Printable,
    Sent,
    Slug,
    Told,
)
from dashboard.services.models import Service


class ServiceIn(Sent):
    """A price to attach; with an `external_id` the request can be repeated safely."""

    price: Slug
    quantity: ExactDecimal = Decimal(1)
    at: Instant | None = None
    label: Annotated[str, StringConstraints(max_length=200), Printable] = ""
    external_id: ExternalId | None = None


class DetachmentIn(Sent):
    """When the service ended; now if left out."""

    at: Instant | None = None


class ChangeIn(Sent):
    """How many there are from `at` on; now if left out."""

    quantity: ExactDecimal
    at: Instant | None = None


class ChangeOut(Told):
    """A quantity from an instant on."""

    quantity: ExactDecimal
    at: Instant


class ServiceOut(Told):
    """A service with the quantities it had, the first from its attachment on."""

    id: int
    price: str
    kind: str
    meter: str | None
    label: str
    external_id: str | None
    attached_at: Instant
    detached_at: Instant | None
    changes: list[ChangeOut]

    @classmethod
    def of(cls, service: Service) -> "ServiceOut":
        """Read a service."""
        return cls.model_construct(
            id=service.id,
            price=service.price.code,
            kind=service.price.kind,
            meter=service.price.meter,
            label=service.label,
            external_id=service.external_id,
            attached_at=service.attached_at,
            detached_at=service.detached_at,
            changes=[
                ChangeOut.model_construct(quantity=one.quantity, at=one.effective_at)
                for one in service.changes
            ],
        )


class ServiceQuery(Sent):
    """Which page, of fifty."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class ServiceList(Told):
    """A page of services, the attached ones first."""

    services: list[ServiceOut]
    page: int
    total: int
