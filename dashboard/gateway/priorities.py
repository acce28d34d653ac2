"""Priorities: whose calls go first when the rate is short; set around work, read at a call."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Priority = Literal["closing", "interactive", "scheduled"]
# First is most urgent: a close and a person's click go before the periodic sync.
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
# Calls of each among all that wait: a long close leaves a click and the sync some.
WEIGHTS: Mapping[Priority, int] = {"closing": 8, "interactive": 8, "scheduled": 1}

_priority: ContextVar[Priority] = ContextVar("lane", default="interactive")


def current_priority() -> Priority:
    """Return the priority of the work under way; a person's, unless said otherwise."""
    return _priority.get()


@contextmanager
def with_priority(priority: Priority) -> Iterator[None]:
    """Let the calls made inside go in `priority`."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)
