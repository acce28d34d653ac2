"""Invoices whose customer was deleted at Stripe. Pure."""

from datetime import datetime

# Stands where a failed attempt would say why: no attempt will ever be made.
NOBODY_CHARGES = "Its customer was deleted at Stripe, so no one is charged for it."


def is_declined(failure: str | None) -> bool:
    """Whether what is said of a payment is that an attempt failed."""
    return failure not in (None, NOBODY_CHARGES)


def customer_went(status: str, finalized_at: datetime | None, lost_at: datetime | None) -> bool:
    """Whether an invoice to be paid was issued to a customer who was deleted at Stripe since."""
    if status != "open" or lost_at is None or finalized_at is None:
        return False
    return finalized_at <= lost_at
