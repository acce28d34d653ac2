"""What we tell Stripe of a refund."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """A refund to make: our number of it, of which invoice, and how much goes back to what paid it.

    `paid_by` is a payment intent, or a charge that had none. In minor units.
    """

    invoice_id: str
    refund: str
    installation: str
    paid_by: str
    amount_cents: int
    is_duplicate: bool
