"""Plain records of events, and of where Stripe delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.gateway.told import Told


@dataclass(frozen=True, slots=True)
class RemoteEvent(Told):
    """One event: `payload` is the whole of it as plain JSON.

    `body` is the text that it was read from, where that can be kept as it came.
    """

    id: str
    type: str
    created_at: datetime
    livemode: bool
    api_version: str | None
    object_id: str | None
    idempotency_key: str | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    # Why it is not of the account and mode of our key; None where it is.
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that Stripe signed and that is no event we can read.

    `id` tells it from others; `type` is what it calls itself, if it does.
    """

    id: str
    type: str | None
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class RemoteEndpoint(Told):
    """Where Stripe delivers events of these `types`, `*` for all, and the version they are in."""

    id: str
    url: str
    is_enabled: bool
    types: tuple[str, ...]
    # None: the account's own.
    api_version: str | None


@dataclass(frozen=True, slots=True)
class RemoteEndpoints:
    """All of them, and what Stripe's clock said as it answered."""

    all: tuple[RemoteEndpoint, ...]
    date: datetime | None
