"""A reply of Stripe: its JSON, its name, and how old what it shows can be by Stripe's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# The clock that dates replies need not be the one that dates events.
SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply; `as_of` is None where nobody can tell how old it is."""

    data: Any
    request_id: str | None
    as_of: datetime | None
    # What Stripe's clock said as it answered.
    date: datetime | None = None


def answer_of(reply: Any, *, seconds: float) -> Answer:
    """Return the library's raw reply to a call that took so long."""
    told = dated(reply.headers)
    return Answer(reply.data, reply.request_id, as_of(reply.headers, seconds), told)


def dated(headers: Any) -> datetime | None:
    """Return the moment that a reply says it was made at, in UTC."""
    try:
        return parsedate_to_datetime(headers.get("Date") or "").astimezone(UTC)
    except ValueError:
        return None


def as_of(headers: Any, seconds: float) -> datetime | None:
    """Return a second than which the reply is not older: the call was sent no earlier.

    A reply that Stripe repeats from memory shows what was when the key was first used.
    """
    date = dated(headers)
    if date is None or headers.get("Idempotent-Replayed") == "true":
        return None
    return (date - timedelta(seconds=seconds) - SLACK).replace(microsecond=0)
