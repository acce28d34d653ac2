"""What a handler is given and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from dashboard.gateway.event_records import RemoteEvent
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice, RemotePayment
from dashboard.sync.models import SyncRun
from dashboard.webhooks.echoes import own_keys
from dashboard.webhooks.held import Held
from dashboard.webhooks.models import Claimed, WebhookEvent

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

    event: WebhookEvent | Claimed
    gateway: Gateway
    now: datetime
    # What its batch holds; alone, an event has none of it and asks the database itself.
    held: Held | None = None
    runs: list[SyncRun] = field(default_factory=list)
    # Invoices that Stripe moved on: what waits to try again with them need not wait any longer.
    moved: set[int] = field(default_factory=set)
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

    @cached_property
    def payment(self) -> RemotePayment:
        """The payment of an invoice as it was at the moment of the event."""
        return self.gateway.payment_of(self.remote)

    @property
    def is_echo(self) -> bool:
        """Whether a call of our own caused it."""
        if self.held is not None:
            return self.idempotency_key in self.held.keys
        return bool(own_keys([self.idempotency_key]))

    def begin(self, held: Held | None = None) -> None:
        """Forget what the handler asked for in a try that came to nothing."""
        self.held = held
        self.runs.clear()
        self.moved.clear()

    @cached_property
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
