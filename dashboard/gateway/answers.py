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


def answer_of(reply: Any, *, seconds: float) -> Answer:
    """Return the library's raw reply to a call that took so long."""
    return Answer(reply.data, reply.request_id, as_of(reply.headers, seconds))


def as_of(headers: Any, seconds: float) -> datetime | None:
    """Return a second than which the reply is not older: the call was sent no earlier.

    A reply that Stripe repeats from memory shows what was when the key was first used.
    """
    date = headers.get("Date")
    if date is None or headers.get("Idempotent-Replayed") == "true":
        return None
    try:
        sent = parsedate_to_datetime(date) - timedelta(seconds=seconds) - SLACK
    except ValueError:
        return None
    return sent.astimezone(UTC).replace(microsecond=0)
