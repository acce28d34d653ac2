"""Coupons of a subscription: so many percent off each line of its invoices that can be discounted.

They are set under /_simulator/subscriptions. Taxes are worked out before them.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine.store import Record


def taken_off(invoice: Record, item: Record) -> int:
    """Return what the invoice's coupon takes off a line, in minor units."""
    percent = int(invoice.get("percent_off") or 0)
    if not percent or not item["discountable"] or item["amount"] < 0:
        return 0
    return (int(item["amount"]) * percent + 50) // 100


def amounts(invoice: Record, items: Iterable[Record]) -> list[Record]:
    """Return what is taken off these lines together, as lines and invoices show it."""
    cents = sum(taken_off(invoice, item) for item in items)
    return [{"amount": cents, "discount": name} for name in names(invoice)]


def names(invoice: Record) -> list[str]:
    """Return the ids of the invoice's discounts."""
    return [f"di_{invoice['id']}"] if invoice.get("percent_off") else []
