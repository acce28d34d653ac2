"""The only place that reads the wall clock; all below the edges takes `now` as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present instant, timezone-aware, in UTC."""
    return datetime.now(tz=UTC)


def from_timestamp(seconds: int | float) -> datetime:
    """Return the UTC instant of a Unix timestamp."""
    return datetime.fromtimestamp(seconds, tz=UTC)
