"""What is signed to an event, or to a text that is kept because it is none that we can read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dashboard.gateway.errors import NotAnEvent
from dashboard.gateway.event_records import RemoteEvent, Unreadable
from dashboard.gateway.odd import MOST_OF_AN_ID
from dashboard.gateway.parsing import MOST_OF_A_TYPE, parse_event
from dashboard.gateway.signature import TOLERANCE_SECONDS
from dashboard.plain import plain
from dashboard.text import NotStorable, storable

# Stripe's objects are a dozen deep; PostgreSQL and Python give up at some thousands.
DEEPEST = 100
THIN = "It is a thin event: set the endpoint at Stripe to snapshot payloads."


def read_delivery(raw: bytes, *, live: bool) -> RemoteEvent | Unreadable:
    """Return the event in a verified body, or the body as text where there is none in it.

    Raises `NotAnEvent` for bytes that are no text: there is nothing a person could read.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _no_text() from None
    if "\0" in text:
        raise _no_text()
    try:
        data = plain(text, DEEPEST)
    except NotStorable:
        return _read_with_care(text, live)
    try:
        return replace(parse_event(data), body=raw, elsewhere=_elsewhere(data, live))
    except NotAnEvent as error:
        return _unreadable(data, text, str(error))


def _read_with_care(text: str, live: bool) -> RemoteEvent | Unreadable:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _unreadable(None, text, "it is not JSON, or is nested too deep")
    return read_event(data, text, live=live)


def read_event(data: Any, text: str | None = None, *, live: bool) -> RemoteEvent | Unreadable:
    """Return the event in `data`, whose text was `text`, if it came as one."""
    try:
        event = parse_event(storable(data, DEEPEST))
    except (NotAnEvent, NotStorable) as error:
        return _unreadable(data, json.dumps(data) if text is None else text, str(error))
    return replace(event, elsewhere=_elsewhere(event.payload, live))


def not_of_the_future(
    found: RemoteEvent | Unreadable, raw: bytes, *, now: datetime
) -> RemoteEvent | Unreadable:
    """Return what was delivered, unread where it claims to have happened after its delivery.

    All that is told later would be older, so a card or dispute would stay as it was for good.
    Nothing that Stripe sends is refused by that: it signs after the fact, about `now`.
    """
    latest = now + timedelta(seconds=TOLERANCE_SECONDS)
    if isinstance(found, Unreadable) or found.created_at <= latest:
        return found
    why = f"it says that it happened at {found.created_at:%Y-%m-%d %H:%M:%S} UTC, in the future"
    return _unreadable(found.payload, raw.decode("utf-8"), why)


def _elsewhere(payload: Mapping[str, Any], live: bool) -> str | None:
    """Return why the event is not of the account and mode that our key is for."""
    is_live = payload.get("livemode") is True
    if is_live != live:
        mode, ours = ("live", "test") if is_live else ("test", "live")
        return f"It is from Stripe's {mode} mode; the key used here is for {ours} mode."
    account = payload.get("account")
    return f"It is from the connected account {account}." if account else None


def _unreadable(data: Any, text: str, why: str) -> Unreadable:
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return Unreadable(
        # By Stripe's name it is known again when a back-fill lists it; else by what it says.
        id=_plain(data, "id", MOST_OF_AN_ID) or f"unreadable_{digest[:40]}",
        type=_plain(data, "type", MOST_OF_A_TYPE),
        text=text,
        why=f"Stripe signed it, but it could not be read as an event: {why}. Nothing was done. "
        + (THIN if _plain(data, "object", 20) == "v2.core.event" else "Look it up at Stripe."),
    )


def _plain(data: Any, name: str, most: int) -> str | None:
    found = data.get(name) if isinstance(data, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= most:
        return None
    return found if found.isascii() and found.isprintable() else None


def _no_text() -> NotAnEvent:
    return NotAnEvent("The body is signed but is not text. Nothing was stored.")
