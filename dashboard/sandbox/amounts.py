"""Money rules of Stripe's invoices: rounding per line, minimum charges, balances."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from dashboard.money import round_minor

# Smallest card charge in minor units, by settlement currency; others are treated like the dollar.
MINIMUM_CHARGES = {
    "gbp": 30, "sek": 300, "nok": 300, "dkk": 250, "jpy": 50, "pln": 200, "ron": 200, "czk": 1500,
    "huf": 17500, "hkd": 400, "mxn": 1000, "aed": 200, "myr": 200, "thb": 1000,
}  # fmt: skip
DEFAULT_MINIMUM = 50


def line_amount(unit_amount: Decimal, quantity: Decimal) -> int:
    """Return unit x quantity in whole minor units, halves away from zero."""
    return round_minor(Fraction(unit_amount) * Fraction(quantity))


def minimum_charge(currency: str) -> int:
    """Return the smallest amount Stripe charges in `currency`, in minor units."""
    return MINIMUM_CHARGES.get(currency, DEFAULT_MINIMUM)


def settle_with_balance(total: int, balance: int, currency: str) -> tuple[int, int]:
    """Return (amount due, balance afterwards) of an invoice at finalization.

    A negative balance is credit. What is owed after it is used and is too small to charge goes to
    the balance as a debit; a negative total goes there as credit. Either way nothing is due now.
    """
    due = total + balance
    if due < minimum_charge(currency):
        return 0, due
    return due, 0
