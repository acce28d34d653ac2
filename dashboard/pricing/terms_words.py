"""What a price asks for, in sentences for the catalog. Pure."""

from __future__ import annotations

from dashboard.pricing.exact import grouped
from dashboard.pricing.terms import Terms


def terms_words(terms: Terms, *, interval: str | None) -> list[str]:
    """Return the terms in a sentence each: $0.0005 per request; the first 1,000 are included.

    `interval` is what a recurring fee is for; None for usage.
    """
    words = list(terms.priced.words(terms))
    if terms.allowance:
        words.append(f"The first {grouped(terms.allowance)} are included.")
    if interval:
        words.append(f"For a whole {interval}. Shorter times are prorated to the second.")
    return words
