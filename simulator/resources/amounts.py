"""Money rules of Stripe's invoices: rounding per line, minimum charges, balances."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from dashboard.money import minimum_charge, round_minor
from simulator.resources.currencies import round_due


def whole(cents: Fraction) -> int:
    """Return an amount in whole minor units, halves away from zero."""
    return round_minor(cents)


def line_amount(unit_amount: Decimal, quantity: Decimal) -> int:
    """Return unit x quantity in whole minor units, halves away from zero."""
    return round_minor(Fraction(unit_amount) * Fraction(quantity))


def settle_with_balance(total: int, balance: int, currency: str) -> tuple[int, int]:
    """Return (amount due, balance afterwards) of an invoice at finalization.

    A negative balance is credit. What is owed after it is used and is too small to charge goes to
    the balance as a debit; a negative total goes there as credit. Either way nothing is due now.
    """
    due = total + balance
    if due < minimum_charge(currency):
        return 0, due
    asked = round_due(due, currency)
    return asked, due - asked
