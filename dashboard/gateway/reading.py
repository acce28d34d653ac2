"""What is signed to an event, or to a text that is kept because it is none that we can read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from dashboard.gateway.errors import NotAnEvent
from dashboard.gateway.parsing import MOST_OF_AN_ID, parse_event
from dashboard.gateway.records import RemoteEvent, Unreadable
from dashboard.text import NotStorable, storable

# Stripe's objects are a dozen deep; PostgreSQL and Python give up at some thousands.
DEEPEST = 100


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
        data = json.loads(text)
    except (ValueError, RecursionError):
        return _unreadable(None, text, "it is no JSON, or nested too deep")
    return read_event(data, text, live=live)


def read_event(data: Any, text: str | None = None, *, live: bool) -> RemoteEvent | Unreadable:
    """Return the event in `data`, whose text was `text`, if it came as one."""
    try:
        event = parse_event(storable(data, DEEPEST))
    except (NotAnEvent, NotStorable) as error:
        return _unreadable(data, json.dumps(data) if text is None else text, str(error))
    return replace(event, elsewhere=_elsewhere(event, live))


def _elsewhere(event: RemoteEvent, live: bool) -> str | None:
    """Return why the event is not of the account and mode that our key is for."""
    if event.livemode != live:
        mode, ours = ("live", "test") if event.livemode else ("test", "live")
        return f"It is of Stripe's {mode} mode; the key used here is of {ours} mode."
    account = event.payload.get("account")
    return f"It is of the connected account {account}." if account else None


def _unreadable(data: Any, text: str, why: str) -> Unreadable:
    own = data.get("id") if isinstance(data, dict) else None
    # By Stripe's name it is known again when a back-fill lists it; else by what it says.
    known = own if isinstance(own, str) and own.isascii() and own.isprintable() else ""
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return Unreadable(
        id=known if 0 < len(known) <= MOST_OF_AN_ID else f"unreadable_{digest[:40]}",
        text=text,
        why=f"It was signed by Stripe but could not be read as an event: {why}. Nothing was done. "
        "Look it up at Stripe; an endpoint must be set to snapshot payloads.",
    )


def _no_text() -> NotAnEvent:
    return NotAnEvent("The body is signed but is no text. Nothing was stored.")
