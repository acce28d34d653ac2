"""The history of a bill's lines as the API speaks of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from dashboard.api.schemas.types import ExactDecimal, Instant, Sent, Text, Told
from dashboard.ids import HIGHEST_ID
from dashboard.reading.history import Told as Change
from dashboard.reading.history_query import Place

CauseName = Literal[
    "usage", "cancellation", "attach", "detach", "quantity", "price_version", "adjustment",
    "correction", "credit_note", "sync", "cycle",
]  # fmt: skip


def place(value: Any) -> Any:
    """Read where older changes begin."""
    found = Place.read(value) if isinstance(value, str) else value
    if not isinstance(found, Place):
        raise PydanticCustomError("place_format", "Send the `before` of the last page")
    return found


def day(value: Any) -> Any:
    """Read a UTC day."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise PydanticCustomError("day_format", "Send a day, such as 2026-04-30") from None


Day = Annotated[date, BeforeValidator(day)]


class HistoryQuery(Sent):
    """Which changes: by product, cause, UTC days (first and last included) or line.

    `before` is that of the last page, to get older ones.
    """

    product: Text | None = None
    cause: CauseName | None = None
    first: Day | None = None
    last: Day | None = None
    line: Annotated[int, Field(ge=1, le=HIGHEST_ID)] | None = None
    before: (
        Annotated[
            Place,
            BeforeValidator(place),
            WithJsonSchema({"type": "string", "maxLength": 60}),
        ]
        | None
    ) = None
    size: Annotated[int, Field(ge=1, le=500)] = 50


class ChangeOut(Told):
    """A change of a line; an hour of usage is one change, from `at` until `until`.

    `cause` is null for amounts billed before history was kept.
    `is_reversal`: it took a charge or a credit back.
    `by` is user, token, system or stripe, null for usage. `invoice_total_cents` is the
    total of the invoice after it.
    """

    at: Instant
    until: Instant
    invoice: int
    line: int
    kind: str
    description: str
    product: str | None
    service: str | None
    cause: CauseName | None
    is_reversal: bool
    by: str | None
    unit: str
    quantity_before: ExactDecimal
    quantity: ExactDecimal
    cents_before: int
    cents: int
    invoice_total_cents: int

    @classmethod
    def of(cls, told: Change) -> ChangeOut:
        """Read a change."""
        return cls.model_construct(
            at=told.changed_at,
            until=told.ended_at,
            invoice=told.sequence,
            line=told.item_id,
            kind=told.kind,
            description=told.description,
            product=told.product,
            service=told.service_label,
            cause=told.cause,
            is_reversal=told.is_reversal,
            by=told.actor_kind,
            unit=told.unit_label,
            quantity_before=told.quantity_before,
            quantity=told.quantity,
            cents_before=told.cents_before,
            cents=told.cents,
            invoice_total_cents=told.invoice_cents,
        )


class HistoryOut(Told):
    """Changes, newest first; send `before` to get older ones. It is null at the end."""

    changes: list[ChangeOut]
    before: Annotated[str, StringConstraints(max_length=60)] | None
