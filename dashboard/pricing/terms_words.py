"""What a price asks for, in sentences for the catalogue. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dashboard.pricing.exact import grouped, major_text
from dashboard.pricing.terms import Terms, Tier


def terms_words(terms: Terms, *, is_recurring: bool) -> list[str]:
    """Return the terms in a sentence each: $0.0005 per request; the first 1,000 are included."""
    words = list(_tiers(terms) if terms.tiers else _plain(terms))
    if terms.allowance:
        words.append(f"The first {grouped(terms.allowance)} are included.")
    if is_recurring:
        words.append("For a whole cycle. Shorter times are prorated to the second.")
    return words


def _plain(terms: Terms) -> Iterator[str]:
    amount = _amount(terms.unit_amount, terms)
    if terms.model == "flat":
        yield f"{amount}, for any number."
    elif terms.model == "package":
        size = grouped(terms.package_size or Decimal(1))
        yield f"{amount} per {size} {terms.unit_label}, started or full."
    else:
        yield f"{amount} per {terms.unit_label}."


def _tiers(terms: Terms) -> Iterator[str]:
    whole = "Each unit has the price of its tier."
    if terms.model == "volume":
        whole = "All units have the price of the tier that the total reaches."
    yield whole
    above = Decimal(0)
    for tier in terms.tiers:
        yield f"{_reach(above, tier)}: {_amount(tier.unit_amount, terms)} each{_flat(tier, terms)}."
        above = tier.up_to or above


def _reach(above: Decimal, tier: Tier) -> str:
    if tier.up_to is None:
        return f"Above {grouped(above)}" if above else "Any number"
    return (
        f"Above {grouped(above)}, up to {grouped(tier.up_to)}"
        if above
        else f"Up to {grouped(tier.up_to)}"
    )


def _flat(tier: Tier, terms: Terms) -> str:
    return f", and {_amount(tier.flat_amount, terms)} once" if tier.flat_amount else ""


def _amount(minor_units: Decimal, terms: Terms) -> str:
    return major_text(minor_units, terms.currency)
