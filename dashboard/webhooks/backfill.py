"""Back-fill: list Stripe's events since the last complete listing and store what never arrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import func, update

from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.installation import Installation, this_installation
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store

# An event may be listed some time after the instant that it bears.
OVERLAP = timedelta(hours=2)
# Stripe keeps events for thirty days.
LONGEST = timedelta(days=29)
# What was listed whole is not listed again, so a long gap is closed in parts.
PART = timedelta(days=1)
AT_ONCE = 100
Item = TypeVar("Item")


def backfill(*, gateway: Gateway, now: datetime) -> Iterator[list[int]]:
    """Store what never arrived and yield, some at a time, the row ids to process.

    The caller commits after each: a delivery of the same event waits for that. Where it ends says
    nothing of what is missing: the mark moves only once a whole part has been listed.
    """
    for since, until in parts(now):
        events = gateway.events_since(since - OVERLAP, tuple(HANDLERS), until=until)
        for some in batches(events, AT_ONCE):
            # In the order in which deliveries are stored, or each would wait for the other.
            some.sort(key=lambda one: one.id)
            yield store(some, source="backfill", now=now)
        note_read(until)
        yield []


def parts(now: datetime) -> list[tuple[datetime, datetime]]:
    """Return the spans still to be listed, oldest first; a new installation's begin with it."""
    installation = this_installation()
    since = max(installation.events_read_until or installation.created_at, now - LONGEST)
    found = []
    while since < now:
        until = min(since + PART, now)
        found.append((since, until))
        since = until
    return found


def note_read(until: datetime) -> None:
    """Move the mark on; never back, should two of these run at once."""
    mark = Installation.events_read_until
    db.session.execute(update(Installation).values({mark: func.greatest(mark, until)}))


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items, `size` at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
