"""What is said of an event that could not be processed, and whether trying again can help."""

from __future__ import annotations

from sqlalchemy.exc import DataError, IntegrityError

from dashboard.errors import BillingError
from dashboard.gateway.errors import OddObject


def is_hopeless(error: Exception) -> bool:
    """Whether the event itself is what is wrong: no try ends otherwise."""
    return isinstance(error, OddObject | DataError)


def passes(error: Exception) -> bool:
    """Whether the cause goes away by itself, as when Stripe does not answer."""
    return isinstance(error, BillingError) and not error.permanent


def sentence_of(error: Exception) -> str:
    """Return what went wrong as people read it; the log has what programs say of it."""
    if isinstance(error, BillingError):
        said = error.message
        return said if said.endswith(".") else f"{said}."
    if isinstance(error, DataError):
        return (
            "A value in this event is too long or too large to keep. Nothing was changed. Look it "
            "up at Stripe; the log names the value."
        )
    if isinstance(error, IntegrityError):
        return "This event conflicts with the ledger. Nothing was changed. The log has details."
    return (
        f"Processing stopped unexpectedly (“{type(error).__name__}”). Nothing was changed. The log "
        "has details."
    )
