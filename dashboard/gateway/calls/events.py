"""Calls about events, and what Stripe delivers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from dashboard.clock import utc_now
from dashboard.gateway import parsing
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.event_records import RemoteEndpoints, RemoteEvent, Unreadable
from dashboard.gateway.events import ReadsEvents
from dashboard.gateway.reading import not_of_the_future, read_delivery, read_event
from dashboard.gateway.requests import path
from dashboard.gateway.signature import verify

TYPES_PER_LIST = 20


class EventCalls(Calls, ReadsEvents):
    """What is asked of events: listed, delivered, and what they carry."""

    _secrets: tuple[str, ...]
    _live: bool

    def endpoints(self) -> RemoteEndpoints:
        """Read where events are delivered to: an account has sixteen at the most."""
        page = self._call("GET webhook_endpoints", "/v1/webhook_endpoints", {"limit": PAGE})
        found = tuple(parsing.parse_endpoint(one) for one in page.data["data"])
        return RemoteEndpoints(found, page.date)

    def events_since(
        self, since: datetime, types: Sequence[str], *, until: datetime | None = None
    ) -> Iterator[RemoteEvent | Unreadable]:
        """Yield events, newest first among twenty types: more do not fit one list."""
        created = {"gte": int(since.timestamp())}
        if until is not None:
            created["lte"] = math.ceil(until.timestamp())
        for start in range(0, len(types), TYPES_PER_LIST):
            query: dict[str, Any] = {
                "types": list(types[start : start + TYPES_PER_LIST]),
                "created": created,
                "limit": PAGE,
            }
            for one in self._pages("GET events", "/v1/events", query):
                yield read_event(one, live=self._live)

    def event(self, event_id: str) -> RemoteEvent | Unreadable:
        """Read one event; Stripe keeps them for thirty days."""
        return read_event(self._call("GET event", path("events", event_id)).data, live=self._live)

    def verify_event(self, raw: bytes, signature: str) -> RemoteEvent | Unreadable:
        """Return the event of a webhook; while a secret is rolled, either one will do."""
        now = utc_now()
        verify(raw, signature, self._secrets, now=now.timestamp())
        return not_of_the_future(read_delivery(raw, live=self._live), raw, now=now)
