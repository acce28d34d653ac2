"""What a handler is given and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteEvent, RemoteInvoice
from dashboard.sync.models import SyncRun
from dashboard.webhooks.models import WebhookEvent

Read = TypeVar("Read")


class Unread(Exception):
    """What the handler must be told of before it can go on; it is asked with no lock held."""

    def __init__(self, name: tuple[object, ...], ask: Callable[[Gateway], Any]) -> None:
        super().__init__(f"Not read yet: {' '.join(map(str, name))}")
        self.name = name
        self.ask = ask


@dataclass
class Delivery:
    """One event on its way through a handler; `runs` collects the syncs the handler asks for."""

    event: WebhookEvent
    gateway: Gateway
    now: datetime
    runs: list[SyncRun] = field(default_factory=list)
    readings: dict[tuple[object, ...], Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """Stripe's name for what happened."""
        return self.event.type

    @property
    def idempotency_key(self) -> str | None:
        """The key of the call that caused it."""
        return self.event.idempotency_key

    @property
    def payload(self) -> Mapping[str, Any]:
        """The whole event as Stripe sent it."""
        return self.event.payload

    @cached_property
    def invoice(self) -> RemoteInvoice:
        """The invoice as it was at the moment of the event."""
        return self.gateway.invoice_of(self.remote)

    @property
    def remote(self) -> RemoteEvent:
        """The event as the gateway knows it."""
        return RemoteEvent(
            id=self.event.stripe_event_id,
            type=self.event.type,
            created_at=self.event.created_at,
            livemode=self.event.livemode,
            api_version=self.event.api_version,
            object_id=self.event.object_id,
            idempotency_key=self.event.idempotency_key,
            payload=self.event.payload,
        )

    def reading(self, name: tuple[object, ...], ask: Callable[[Gateway], Read]) -> Read:
        """Return what was read under `name`; raise `Unread` to have it read first.

        The name holds what the reading must not be older than: once that has moved on, the same
        handler asks again.
        """
        if name not in self.readings:
            raise Unread(name, ask)
        found: Read = self.readings[name]
        return found


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler did, in one sentence; `ignored` when there was nothing to do."""

    sentence: str
    ignored: bool = False
