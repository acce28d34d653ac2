"""What a price asks for, in sentences for the catalog. Pure."""

from __future__ import annotations

from dashboard.pricing.exact import grouped
from dashboard.pricing.terms import Terms


def terms_words(terms: Terms, *, is_recurring: bool) -> list[str]:
    """Return the terms in a sentence each: $0.0005 per request; the first 1,000 are included."""
    words = list(terms.priced.words(terms))
    if terms.allowance:
        words.append(f"The first {grouped(terms.allowance)} are included.")
    if is_recurring:
        words.append("For a whole cycle. Shorter times are prorated to the second.")
    return words
