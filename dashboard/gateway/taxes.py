"""What Stripe says of an invoice's tax: how far it is, and what it comes to for which reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.gateway.odd import cut

Json = Mapping[str, Any]
MOST_OF_A_WORD = 40
MOST_TAXES = 20


def automatic_tax(data: Json) -> tuple[bool, str | None]:
    """Return whether Stripe works tax out for the invoice, and how far it is."""
    told = data.get("automatic_tax")
    if not isinstance(told, Mapping):
        return False, None
    status = told.get("status")
    return bool(told.get("enabled")), cut(status, MOST_OF_A_WORD) if _is_word(status) else None


def automatic_tax_of(customer: Json) -> str:
    """Return the word for where a customer is taxed; empty where Stripe told none."""
    told = customer.get("tax")
    word = told.get("automatic_tax") if isinstance(told, Mapping) else None
    return cut(word, MOST_OF_A_WORD) if _is_word(word) else ""


def taxes(data: Json) -> tuple[dict[str, Any], ...]:
    """Return the taxes of the invoice as far as they are told: {"cents", "reason"}, and of what."""
    return tuple(_taxes(data.get("total_taxes")))


def _taxes(told: Any) -> Iterator[dict[str, Any]]:
    for one in told[:MOST_TAXES] if isinstance(told, list) else ():
        if isinstance(one, Mapping) and type(one.get("amount")) is int:
            reason, taxable = one.get("taxability_reason"), one.get("taxable_amount")
            yield {
                "cents": one["amount"],
                "reason": cut(reason, MOST_OF_A_WORD) if _is_word(reason) else None,
                "taxable_cents": taxable if type(taxable) is int else None,
            }


def discounts_of(line: Json) -> int:
    """Return what coupons take off a line, in minor units."""
    return sum(_cents(one) for one in _listed(line.get("discount_amounts")))


def tax_within(line: Json) -> int:
    """Return which part of a line's amount is tax, in minor units."""
    told = _listed(line.get("taxes"))
    return sum(_cents(one) for one in told if one.get("tax_behavior") == "inclusive")


def _listed(told: Any) -> list[Json]:
    return [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []


def _cents(told: Json) -> int:
    cents = told.get("amount")
    return cents if type(cents) is int else 0


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
