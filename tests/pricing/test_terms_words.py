"""What a price asks for, as the catalogue says it."""

from decimal import Decimal

import pytest

from dashboard.pricing.terms import Terms, Tier
from dashboard.pricing.terms_words import terms_words


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms("per_unit", Decimal("0.05"), "usd", "request"), ["$0.0005 per request."]),
        (
            Terms("per_unit", Decimal(2), "jpy", "request", allowance=Decimal(1000)),
            ["¥2 per request.", "The first 1,000 are included."],
        ),
        (Terms("flat", Decimal(2000), "usd", "request"), ["$20.00, for any number."]),
        (
            Terms("package", Decimal(40), "usd", "request", package_size=Decimal(100_000)),
            ["$0.40 per 100,000 requests, started or full."],
        ),
        (
            Terms(
                "graduated",
                Decimal(0),
                "usd",
                "GB",
                tiers=(Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(4), Decimal(100))),
            ),
            [
                "Each unit has the price of its tier.",
                "Up to 10: $0.05 each.",
                "Above 10: $0.04 each, and $1.00 once.",
            ],
        ),
        (
            Terms("volume", Decimal(0), "usd", "GB", tiers=(Tier(None, Decimal(5)),)),
            [
                "All units have the price of the tier that the total reaches.",
                "Any number: $0.05 each.",
            ],
        ),
    ],
)
def test_terms_are_told_in_sentences(terms: Terms, words: list[str]) -> None:
    assert terms_words(terms, interval=None) == words
    assert terms_words(terms, interval="quarter") == [
        *words,
        "For a whole quarter. Shorter times are prorated to the second.",
    ]
