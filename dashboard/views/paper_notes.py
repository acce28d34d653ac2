"""What a document says below its lines of how usage is priced."""

from __future__ import annotations

from dashboard.reading.items import BilledItems
from dashboard.views.formatting import counted

# A document with more kinds of usage than this tells the first ones.
MOST_NOTES = 12


def notes_of(found: BilledItems) -> list[str]:
    """Return a sentence for what is included in all, and one for each price by tier."""
    named = {item.price_version_id: item.price_name or "" for item in found.items}
    priced = [(named.get(number, ""), one.terms) for number, one in found.versions.items()]
    included = [
        f"{counted(one.allowance, one.unit_label)} of {name}"
        for name, one in priced
        if one.allowance
    ]
    notes = ["Usage is counted in UTC." if priced else ""]
    if included:
        notes[0] += f" Included amounts are taken off first: {', '.join(included[:MOST_NOTES])}."
    notes += [one.priced.tier_words(name, one) for name, one in priced]
    return [note for note in notes if note][:MOST_NOTES]
