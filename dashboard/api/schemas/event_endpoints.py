"""Event endpoints and deliveries as the API speaks of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from dashboard.api.schemas.types import Instant, Printable, Sent, Told
from dashboard.ids import HIGHEST_ID
from dashboard.outgoing.endpoints import LONGEST_LABEL, Wanted
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.queue import is_under_way
from dashboard.outgoing.reach import LONGEST_URL

BEING_SENT = "It is being sent."
Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL)]
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LABEL),
    Printable,
]
Kinds = Annotated[list[Annotated[str, StringConstraints(max_length=30)]], Field(max_length=50)]


class EndpointIn(Sent):
    """Where events go; `kinds` null: every kind, also those of later releases."""

    url: Url
    label: Label
    kinds: Kinds | None = None

    def wanted(self) -> Wanted:
        """What the endpoint is to be."""
        return Wanted(self.url, self.label, self.kinds)


class EndpointOut(Told):
    """An endpoint; `state` is on, paused, or off, with the reason in `why_off`.

    `failing_since` is null while events arrive, `former_until` where one secret alone signs.
    """

    id: int
    url: str
    label: str
    kinds: list[str] | None
    state: str
    why_off: str | None
    failing_since: Instant | None
    former_until: Instant | None
    last_delivered_at: Instant | None
    created_at: Instant


class EndpointWithSecret(EndpointOut):
    """An endpoint with its new secret, which is told this once."""

    secret: str

    @classmethod
    def of(cls, endpoint: EventEndpoint, secret: str) -> EndpointWithSecret:
        """Read an endpoint."""
        told = EndpointOut.model_validate(endpoint)
        return cls(**told.model_dump(), secret=secret)


class EndpointList(Told):
    """Every endpoint, the oldest first."""

    endpoints: list[EndpointOut]


class NothingIn(Sent):
    """An empty object: the address says it all."""


class RollIn(Sent):
    """For how many hours the old secret signs, too."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class ResumeIn(Sent):
    """Whether an endpoint that was off gets what happened meanwhile."""

    makes_up: bool = True


class ReplayIn(Sent):
    """Since when; `with_arrived` sends also what has arrived."""

    since: Instant
    with_arrived: bool = False


class CountOut(Told):
    """How many events are to be sent."""

    events: int


class DeliveryQuery(Sent):
    """The `before` of the last page, to get older deliveries."""

    before: Annotated[int, Field(ge=1, le=HIGHEST_ID)] | None = None


class DeliveryOut(Told):
    """An event on its way; `state` is waits, delivered, given_up or dropped.

    `event` is the `webhook-id`, `data` that of the event. `problem` is why the last try did not
    count, or that it is being sent.
    """

    id: int
    event: str
    type: str
    state: str
    is_again: bool
    attempts: int
    status: int | None
    problem: str | None
    created_at: Instant
    last_attempt_at: Instant | None
    next_attempt_at: Instant | None
    ended_at: Instant | None
    data: dict[str, Any]

    @classmethod
    def of(cls, delivery: EventDelivery, *, now: datetime) -> DeliveryOut:
        """Read a delivery loaded with its event."""
        waits = delivery.state == "waits"
        return cls(
            id=delivery.id,
            event=delivery.event.name,
            type=delivery.event.kind,
            state=delivery.state,
            is_again=delivery.is_again,
            attempts=delivery.attempts,
            status=delivery.status,
            problem=BEING_SENT if is_under_way(delivery, now=now) else delivery.problem,
            created_at=delivery.created_at,
            last_attempt_at=delivery.last_attempt_at,
            next_attempt_at=delivery.next_attempt_at if waits else None,
            ended_at=delivery.ended_at,
            data=delivery.event.data,
        )


class DeliveryList(Told):
    """Deliveries, newest first; send `before` to get older ones."""

    deliveries: list[DeliveryOut]
    before: int | None
