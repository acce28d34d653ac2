"""Events: what happened, as Stripe's /v1/events lists it and as webhooks carry it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from simulator.engine.clock import Clock
from simulator.engine.packed import pack, unpack
from simulator.engine.store import Record, Store, new_id

API_VERSION = "2026-10-28.endive"
# Stripe lists thirty days back. The count bounds the memory of a benchmark, not of a demo.
KEPT_SECONDS = 30 * 24 * 60 * 60
KEPT = 20_000


@dataclass(frozen=True)
class Cause:
    """The request behind an event; both None when Stripe acted by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Events:
    """Records events and notes, per event, the endpoints that have not acknowledged it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.undelivered: deque[tuple[str, str]] = deque()
        self._queue_leftovers()

    def emit(
        self, kind: str, item: Record, *, cause: Cause, previous: Record | None = None
    ) -> Record:
        """Record one event about the rendered object `item` and queue it for every endpoint."""
        data: dict[str, Any] = {"object": item}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Record = {
            "id": new_id("evt"),
            "type": kind,
            "created": self._clock.now(),
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "pending": [one["id"] for one in self._endpoints_for(kind)],
            "data": pack(data),
        }
        self._store.put("event", event)
        self.undelivered.extend((event["id"], endpoint) for endpoint in event["pending"])
        self._forget_old()
        return event

    def acknowledge(self, event_id: str, endpoint_id: str) -> None:
        """Note that the endpoint answered 2xx to the event."""
        event = self._store.get("event", event_id)
        if event is not None and endpoint_id in event["pending"]:
            event["pending"] = [one for one in event["pending"] if one != endpoint_id]
            self._store.put("event", event)

    def _endpoints_for(self, kind: str) -> list[Record]:
        return [
            endpoint
            for endpoint in self._store.all("webhook_endpoint").values()
            if endpoint["status"] == "enabled"
            and ("*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"])
        ]

    def _forget_old(self) -> None:
        events = self._store.all("event")
        oldest = next(iter(events.values()))
        if len(events) > KEPT or oldest["created"] < self._clock.now() - KEPT_SECONDS:
            self._store.remove("event", oldest["id"])

    def _queue_leftovers(self) -> None:
        for event in self._store.all("event").values():
            self.undelivered.extend((event["id"], endpoint) for endpoint in event["pending"])


def render_event(event: Record) -> Record:
    """Return the event as Stripe's API shows it."""
    return {
        "id": event["id"],
        "object": "event",
        "api_version": API_VERSION,
        "created": event["created"],
        "data": unpack(event["data"]),
        "livemode": False,
        "pending_webhooks": len(event["pending"]),
        "request": event["request"],
        "type": event["type"],
    }
