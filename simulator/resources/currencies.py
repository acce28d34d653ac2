"""What Stripe does with currencies: which it takes, and amounts that cannot be charged."""

from __future__ import annotations

from dashboard.currencies import TAKEN, charge_step
from simulator.engine.errors import ApiError, invalid, refused

# On invoices in it Stripe itself rounds what is due, and keeps the difference on the balance.
ROUNDED_UP = frozenset(("ugx",))


def currency_of(given: str) -> str:
    """Return the code in lower case. Raises 400 for one that is not taken."""
    code = given.lower()
    if code not in TAKEN:
        supported = ", ".join(sorted(TAKEN))
        raise invalid(
            f"Invalid currency: {code}. Stripe currently supports these currencies: {supported}",
            param="currency",
        )
    return code


def round_due(due: int, currency: str) -> int:
    """Return what an invoice asks for: in some currencies the next amount that can be charged."""
    step = charge_step(currency) if currency in ROUNDED_UP else 1
    return -(-due // step) * step


def not_chargeable(cents: int, currency: str) -> ApiError | None:
    """Return the refusal of a charge that is no multiple of what the currency is charged in."""
    step = charge_step(currency)
    if cents % step == 0:
        return None
    return refused(
        f"Invalid amount: {currency} amounts must be divisible by {step}.",
        code="invalid_charge_amount",
        param="amount",
    )
