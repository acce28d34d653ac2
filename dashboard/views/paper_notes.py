"""What a document says below its lines of how usage is priced."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dashboard.pricing.exact import grouped, major_text, subtract
from dashboard.pricing.terms import Terms, Tier
from dashboard.reading.items import BilledItems
from dashboard.views.formatting import counted, plural

# A document with more kinds of usage than this tells the first ones.
MOST_NOTES = 12


def notes_of(found: BilledItems, currency: str) -> list[str]:
    """Return a sentence for what is included in all, and one for each price by tier."""
    named = {item.price_version_id: item.price_name or "" for item in found.items}
    priced = [(named.get(number, ""), one.terms) for number, one in found.versions.items()]
    included = [counted(one.allowance, one.unit_label) for _, one in priced if one.allowance]
    notes = ["Usage is counted in UTC." if priced else ""]
    if included:
        notes[0] += f" Included amounts are taken off first: {', '.join(included[:MOST_NOTES])}."
    notes += [tier_words(name, one, currency) for name, one in priced if one.tiers]
    return [note for note in notes if note][:MOST_NOTES]


def tier_words(name: str, terms: Terms, currency: str) -> str:
    """Say what units cost: of graduated tiers each its own, of volume all that of the last."""
    steps = ", ".join(_steps(terms, currency))
    if terms.model == "volume":
        units = plural(terms.unit_label)
        return f"{name}: all {units} have the price of the tier they reach: {steps}."
    return f"{name} is priced by tier: {steps}."


def _steps(terms: Terms, currency: str) -> Iterator[str]:
    before: Decimal | None = None
    for tier in terms.tiers:
        yield f"{_reach(terms, tier, before)} at {_each(tier, currency)}"
        before = tier.up_to


def _reach(terms: Terms, tier: Tier, before: Decimal | None) -> str:
    if tier.up_to is None:
        return "all above"
    if terms.model == "volume":
        return f"up to {counted(tier.up_to, terms.unit_label)}"
    units = tier.up_to if before is None else subtract(tier.up_to, before)
    return f"the {'first' if before is None else 'next'} {grouped(units)}"


def _each(tier: Tier, currency: str) -> str:
    each = major_text(tier.unit_amount, currency)
    return f"{each} plus {major_text(tier.flat_amount, currency)}" if tier.flat_amount else each
