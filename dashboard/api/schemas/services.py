"""Services as the API speaks of them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, RootModel, StringConstraints

from dashboard.api.schemas.types import (
    Counted,
    ExactDecimal,
    ExternalId,
    Instant,
    Printable,
    Sent,
    Slug,
    Told,
)
from dashboard.services.detach import Detachment
from dashboard.services.known import Attachment
from dashboard.services.models import Service
from dashboard.services.past_preview import PastPreview

MOST_SERVICES = 1000


class ServiceIn(Sent):
    """A price to attach; with an `external_id` the request is safe to repeat.

    To attach an ended `external_id` again, send an `at` from its end on.
    """

    price: Slug
    quantity: ExactDecimal = Decimal(1)
    at: Instant | None = None
    label: Annotated[str, StringConstraints(max_length=200), Printable] = ""
    external_id: ExternalId | None = None

    def attachment(self) -> Attachment:
        """Return what to attach in plain values."""
        return Attachment(self.quantity, self.at, self.label, self.external_id)


class ServiceBatchIn(Sent):
    """Services that are attached together, in this order, or not at all."""

    services: Annotated[
        list[Annotated[ServiceIn, Counted]], Field(min_length=1, max_length=MOST_SERVICES)
    ]


class AttachIn(RootModel[ServiceIn | ServiceBatchIn]):
    """One service, or a list of them."""


class DetachmentIn(Sent):
    """When the service ended; now if left out. It ends with the second of `at`."""

    at: Instant | None = None


class ChangeIn(Sent):
    """The quantity from `at` on; now if left out."""

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


class ServiceBatchOut(Told):
    """The services of a list, in its order."""

    services: list[ServiceOut]


class AttachOut(RootModel[ServiceOut | ServiceBatchOut]):
    """The service, or those of the list."""


class TakenOffOut(Told):
    """Counted usage that is no longer billed, because it was recorded after the service ended.

    `amount_cents` is the change to the bill; only the first answer has it.
    """

    records: int
    quantity: ExactDecimal
    meter: str
    amount_cents: int | None


class DetachmentOut(ServiceOut):
    """A service that has ended, and the usage taken off (null for a recurring price)."""

    taken_off: TakenOffOut | None

    @classmethod
    def told(cls, ended: Detachment) -> "DetachmentOut":
        """Read a detachment."""
        off = ended.taken_off and TakenOffOut.model_validate(ended.taken_off)
        return cls.model_construct(**dict(ServiceOut.of(ended.service)), taken_off=off)


class EndQuery(Sent):
    """When the service would have ended; now if left out."""

    at: Instant | None = None


class QuantityQuery(Sent):
    """The quantity from `at` on; now if left out."""

    quantity: ExactDecimal
    at: Instant | None = None


class IssuedBillOut(Told):
    """A bill that can no longer change, and what it bills of the service or its usage."""

    invoice: int
    number: str | None
    status: str
    cents: int


class MovedLineOut(Told):
    """A line of an open invoice, before and after."""

    description: str
    before_cents: int
    after_cents: int


class PastPreviewOut(Told):
    """What a corrected fact would change. `issued` stay as they are: `lines` make up for them.

    `next_before_cents` and `next_after_cents` are what the open invoices come to together, before
    tax. `records` and `units` are the usage that would be taken off.
    """

    issued: list[IssuedBillOut]
    cents: int
    next_before_cents: int
    next_after_cents: int
    lines: list[MovedLineOut]
    records: int
    units: ExactDecimal

    @classmethod
    def of(cls, preview: PastPreview) -> "PastPreviewOut":
        """Read a preview."""
        return cls(
            issued=[
                IssuedBillOut(
                    invoice=one.sequence, number=one.number, status=one.status, cents=one.cents
                )
                for one in preview.issued
            ],
            cents=preview.cents,
            next_before_cents=preview.before,
            next_after_cents=preview.after,
            lines=[
                MovedLineOut(
                    description=one.description, before_cents=one.before, after_cents=one.after
                )
                for one in preview.lines
            ],
            records=preview.records,
            units=preview.units,
        )


class ServiceQuery(Sent):
    """Which page, of fifty."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class ServiceList(Told):
    """A page of services, the attached ones first."""

    services: list[ServiceOut]
    page: int
    total: int
