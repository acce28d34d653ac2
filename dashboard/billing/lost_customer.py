"""Invoices whose customer was deleted at Stripe. Pure."""

from datetime import datetime


def customer_went(status: str, finalized_at: datetime | None, lost_at: datetime | None) -> bool:
    """Whether an invoice to be paid was issued to a customer who was deleted at Stripe since."""
    if status != "open" or lost_at is None or finalized_at is None:
        return False
    return finalized_at <= lost_at
