"""Why an invoice has no tax, in the words that it must say: reverse charge, exempt and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Taxed(Protocol):
    """What an invoice knows of its tax, and of whom it is made out to."""

    @property
    def taxes(self) -> Sequence[Mapping[str, Any]] | None: ...
    @property
    def tax_cents(self) -> int | None: ...
    @property
    def billed_to(self) -> Mapping[str, Any] | None: ...


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


# What a customer says of tax, as Stripe keeps it.
AS_REASONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


def exemption_words(exemption: str | None) -> str:
    """Return in words why a customer is asked for no tax; None where it is asked."""
    return REASONS.get(AS_REASONS.get(exemption or "", ""), "None")


def untaxed_codes(invoice: Taxed) -> list[str]:
    """Return why an invoice has no tax on some or all of it, in Stripe's words, each once.

    Where Stripe works none out, the exemption of whom it is made out to says it.
    """
    free = [one.get("reason") for one in invoice.taxes or () if not one.get("cents")]
    told = [str(reason) for reason in free if reason]
    if not told and not invoice.tax_cents:
        exemption = (invoice.billed_to or {}).get("tax_exempt", "")
        told = [AS_REASONS[exemption]] if exemption in AS_REASONS else []
    return list(dict.fromkeys(told))


def untaxed_because(invoice: Taxed) -> list[str]:
    """Return in the words that it must say why an invoice has no tax on some or all of it."""
    words = (REASONS.get(code) for code in untaxed_codes(invoice))
    return list(dict.fromkeys(one for one in words if one))
