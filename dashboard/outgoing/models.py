"""Where events go, what happened, and what became of each on its way to each endpoint."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Model

# on: events are sent. paused: a person holds them back, and they wait. off: none has arrived for
# days, so nothing is kept for it. removed: only its deliveries are still to be seen.
STATES = ("on", "paused", "off", "removed")
# waits: to be tried, or tried again. Each of the others is an end.
DELIVERY_STATES = ("waits", "delivered", "given_up", "dropped")


class EventEndpoint(Model):
    """An address of a receiver, with its secrets and which kinds it gets; null: every kind.

    Secrets are sealed. `former_secret` signs beside the other until `former_until`.
    """

    __tablename__ = "event_endpoints"
    __table_args__ = (
        CheckConstraint("state in ('on', 'paused', 'off', 'removed')", name="state"),
        CheckConstraint("(former_secret is null) = (former_until is null)", name="former"),
        CheckConstraint("cardinality(kinds) > 0", name="kinds"),
        CheckConstraint("(secret is null) = (state = 'removed')", name="secret"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    label: Mapped[str] = mapped_column(String(100))
    kinds: Mapped[list[str] | None] = mapped_column(ARRAY(String(30)))
    state: Mapped[str] = mapped_column(String(10), default="on")
    # Why it is off, for people.
    why_off: Mapped[str | None] = mapped_column(String(300))
    changed_at: Mapped[datetime]
    secret: Mapped[str | None] = mapped_column(String(500))
    former_secret: Mapped[str | None] = mapped_column(String(500))
    former_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Since when nothing has arrived, and how often in a row that was.
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    # Nothing is sent before then: it did not answer, or refused several in a row.
    not_before: Mapped[datetime | None]
    # A worker sends to it until then.
    busy_until: Mapped[datetime | None]
    last_delivered_at: Mapped[datetime | None]

    def wants(self, kind: str) -> bool:
        """Whether events of a kind are sent to it."""
        return self.kinds is None or kind in self.kinds

    def is_rolling(self, now: datetime) -> bool:
        """Whether two secrets sign."""
        return self.former_until is not None and self.former_until > now


class OutgoingEvent(Model):
    """Something that happened, as it is told; `occasion` is unique, so it is told once.

    `name` is what receivers know it by, at every try. What has the same `ordering_key` (an
    invoice, an organization) arrives in the order of the ids.
    """

    __tablename__ = "outgoing_events"
    __table_args__ = (
        Index(
            "ix_outgoing_events_organization_id", "organization_id",
            postgresql_where=text("organization_id is not null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    occasion: Mapped[str] = mapped_column(String(160), unique=True)
    ordering_key: Mapped[str] = mapped_column(String(60))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    happened_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventDelivery(Model):
    """An event on its way to an endpoint, and what became of it.

    `is_again`: a person asked for it once more, or a replay did.
    """

    __tablename__ = "event_deliveries"
    __table_args__ = (
        CheckConstraint(
            "state in ('waits', 'delivered', 'given_up', 'dropped')", name="state"
        ),
        CheckConstraint("(ended_at is null) = (state = 'waits')", name="ended"),
        # What waits: each event once, by ordering key, in order, and by when it is due.
        Index(
            "uq_event_deliveries_waiting", "endpoint_id", "event_id", unique=True,
            postgresql_where=text("state = 'waits'"),
        ),
        Index(
            "ix_event_deliveries_ordering_key", "endpoint_id", "ordering_key", "event_id",
            postgresql_where=text("state = 'waits'"),
        ),
        Index(
            "ix_event_deliveries_due", "endpoint_id", "next_attempt_at",
            postgresql_where=text("state = 'waits'"),
        ),
        Index("ix_event_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_event_deliveries_endpoint_id_state_id", "endpoint_id", "state", "id"),
        Index("ix_event_deliveries_event_id_endpoint_id", "event_id", "endpoint_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("event_endpoints.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("outgoing_events.id", ondelete="cascade"))
    ordering_key: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="waits", server_default="waits")
    is_again: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    first_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Of the last answer: its status, how long it took, why it did not count, and how it begins.
    status: Mapped[int | None]
    took_ms: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(300))
    answer: Mapped[str | None] = mapped_column(String(300))

    event: Mapped[OutgoingEvent] = relationship(viewonly=True)
    endpoint: Mapped[EventEndpoint] = relationship(viewonly=True)
