"""Reasons: what a call to Stripe is made for; set around work, and counted with the call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Reason = Literal[
    "sync", "final", "verify", "event", "backfill", "reread", "portal", "link", "reading",
    "preview", "credit_note", "reissue", "refund", "renewal", "doctor", "other",
]  # fmt: skip
REASONS: tuple[Reason, ...] = get_args(Reason)

_reason: ContextVar[Reason] = ContextVar("reason", default="other")


def current_reason() -> Reason:
    """Return what the work under way calls for; `other` where nobody said."""
    return _reason.get()


@contextmanager
def calling_for(reason: Reason) -> Iterator[None]:
    """Count the calls made inside as made for this reason."""
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)
