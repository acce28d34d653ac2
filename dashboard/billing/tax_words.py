"""Why an invoice has no tax, in the words that it must say: reverse charge, exempt and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Why a tax is what it is, where that is more than a rate: what a bill must say.
REASONS: Mapping[str, str] = {
    "customer_exempt": "Exempt from tax",
    "excluded_territory": "Outside the territory of the tax",
    "not_collecting": "No tax collected at this address",
    "not_subject_to_tax": "Not subject to tax",
    "not_supported": "No tax collected at this address",
    "product_exempt": "Exempt from tax",
    "reverse_charge": "Reverse charge: the customer accounts for the tax",
    "zero_rated": "Zero-rated",
}


def tax_reasons(taxes: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Return in words, each once, why there is no tax on some or all of an invoice."""
    told = (REASONS.get(str(one.get("reason"))) for one in taxes or () if not one.get("cents"))
    return list(dict.fromkeys(words for words in told if words))
