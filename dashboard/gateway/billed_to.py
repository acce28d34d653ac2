"""Whom an invoice at Stripe is made out to: Stripe keeps that as it was when it was issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.gateway.addresses import address_lines, address_of
from dashboard.gateway.odd import cut

Json = Mapping[str, Any]
# What a document has room for.
MOST_OF_A_LINE = 200
MOST_TAX_IDS = 5
UNTAXED = ("exempt", "reverse")


def billed_to(data: Json) -> dict[str, Any]:
    """Return its name, e-mail, lines of address, tax ids and exemption, as far as they are told."""
    told = {
        "name": cut(data.get("customer_name"), MOST_OF_A_LINE),
        "email": cut(data.get("customer_email"), MOST_OF_A_LINE),
        "address": list(address_lines(address_of(data.get("customer_address")))),
        "tax_ids": list(_tax_ids(data.get("customer_tax_ids"))),
        "tax_exempt": exempt if (exempt := data.get("customer_tax_exempt")) in UNTAXED else None,
    }
    return {name: value for name, value in told.items() if value and isinstance(value, str | list)}


def _tax_ids(told: Any) -> Iterator[str]:
    for one in told[:MOST_TAX_IDS] if isinstance(told, list) else ():
        value = one.get("value") if isinstance(one, Mapping) else None
        if isinstance(value, str) and value:
            yield cut(value, MOST_OF_A_LINE)
