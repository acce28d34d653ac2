"""Lanes: whose calls go first when the rate is short; set around work, read at a call."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Lane = Literal["closing", "interactive", "scheduled"]
# First is most urgent: a close and a person's click go before the periodic sync.
LANES: tuple[Lane, ...] = get_args(Lane)
# Calls of a lane among those of all lanes that wait: a long close leaves a click and the sync some.
WEIGHTS: Mapping[Lane, int] = {"closing": 8, "interactive": 8, "scheduled": 1}

_lane: ContextVar[Lane] = ContextVar("lane", default="interactive")


def current_lane() -> Lane:
    """Return the lane of the work under way; a person's, unless said otherwise."""
    return _lane.get()


@contextmanager
def in_lane(lane: Lane) -> Iterator[None]:
    """Let the calls made inside go in `lane`."""
    token = _lane.set(lane)
    try:
        yield
    finally:
        _lane.reset(token)
