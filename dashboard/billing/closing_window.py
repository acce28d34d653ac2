"""When within the window of closes a bill is issued: spread evenly, always the same. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

MINUTE = timedelta(minutes=1)
# What Stripe would issue itself this soon is no longer put off: there must be time to issue it.
SAFE = timedelta(hours=12)


def minute_within(organization_id: int, period_end: datetime, window: timedelta) -> timedelta:
    """Return how far into the window the bill of an organization's cycle is: whole minutes.

    By a hash of the two alone: each process says the same, one close after another, and no
    organization is always the last.
    """
    minutes = window // MINUTE
    if minutes <= 0:
        return timedelta()
    name = f"{organization_id}:{int(period_end.timestamp())}".encode()
    return MINUTE * (int.from_bytes(blake2b(name, digest_size=8).digest()) % minutes)


def safe_window(window: timedelta, *, grace: timedelta, autofinalize: timedelta) -> timedelta:
    """Return as much of the window as ends long enough before Stripe acts alone.

    No `autofinalize`: it never does.
    """
    if not autofinalize:
        return window
    return max(min(window, autofinalize - grace - SAFE), timedelta())


def turn_of(
    organization_id: int,
    period_end: datetime,
    *,
    window: timedelta,
    grace: timedelta,
    issued_by_stripe_at: datetime | None = None,
) -> datetime:
    """Return the minute in which a bill whose cycle ended is to be issued, at the earliest.

    `window` is the safe part of it, see `safe_window`. It begins with the end of the grace, as it
    is of a clock that was on time: what is sealed later is issued at once, and so is what Stripe
    would soon issue.
    """
    turn = period_end + grace + minute_within(organization_id, period_end, window)
    if issued_by_stripe_at is not None:
        turn = min(turn, issued_by_stripe_at - SAFE)
    return turn
