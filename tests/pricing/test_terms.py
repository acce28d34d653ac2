"""Which terms can be rated: each bound from both sides; and terms as they are stored."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from dashboard.pricing.rating import cents_of_usage
from dashboard.pricing.terms import BadTerms, Terms, Tier
from tests.support.rating import terms as any_terms

HIGHEST = 10**12


def one(model="per_unit", unit_amount="1", **more):
    return Terms(model, Decimal(unit_amount), "usd", **more)


def tiered(*steps, model="graduated"):
    """Terms of tiers written as (up_to, unit_amount, flat_amount)."""
    tiers = tuple(
        Tier(None if top is None else Decimal(top), Decimal(unit), Decimal(flat))
        for top, unit, flat in steps
    )
    return one(model, "0", tiers=tiers)


@settings(deadline=None)
@given(any_terms())
def test_terms_of_every_model_can_be_rated_and_stored_as_json(terms):
    terms.check()
    assert tuple(Tier.from_json(tier.to_json()) for tier in terms.tiers) == terms.tiers


@pytest.mark.parametrize(
    "terms",
    [
        one(unit_amount="0"),
        one(unit_amount="0.5", allowance=Decimal("0.5")),
        one(unit_amount=HIGHEST),
        one("package", package_size=Decimal("0.5")),
        tiered((None, 0, 0)),
        tiered(("0.5", "0.5", 0), (None, 0, "0.5")),
        tiered((5, HIGHEST, HIGHEST), (None, HIGHEST, HIGHEST), model="volume"),
    ],
)
def test_terms_at_a_bound_can_be_rated(terms):
    terms.check()
    assert cents_of_usage(terms, Decimal(1)) >= 0


@pytest.mark.parametrize(
    "terms",
    [
        one("bespoke"),
        one(unit_amount="-0.1"),
        one(allowance=Decimal("-0.1")),
        one(unit_amount=HIGHEST + 1),
        one("package"),
        one("package", package_size=Decimal(0)),
        one("package", package_size=Decimal(-1)),
        one("per_unit", package_size=Decimal(5)),
        one("graduated"),
        one("volume"),
        one("flat", tiers=(Tier(None, Decimal(1)),)),
        tiered((5, 1, 0)),
        tiered((None, 1, 0), (None, 1, 0)),
        tiered((5, 1, 0), (None, 1, 0), (None, 1, 0)),
        tiered((None, 1, 0), (5, 1, 0), (None, 1, 0)),
        tiered((0, 1, 0), (None, 1, 0)),
        tiered((5, 1, 0), (5, 1, 0), (None, 1, 0)),
        tiered((5, 1, 0), (4, 1, 0), (None, 1, 0)),
        tiered((5, "-0.1", 0), (None, 1, 0)),
        tiered((5, 1, 0), (None, 1, "-0.1")),
        tiered((5, HIGHEST + 1, 0), (None, 1, 0)),
        tiered((5, 1, HIGHEST + 1), (None, 1, 0)),
        tiered((5, 1, 0), (None, HIGHEST + 1, 0)),
    ],
)
def test_terms_that_cannot_be_rated_are_refused(terms):
    with pytest.raises(BadTerms) as refused:
        terms.check()
    assert refused.value.code == "bad_terms"


def test_a_tier_is_stored_as_exact_decimals_without_exponents():
    tier = Tier(Decimal("1E+3"), Decimal("0.000000000001"), Decimal("1E+2"))
    assert tier.to_json() == {
        "up_to": "1000", "unit_amount": "0.000000000001", "flat_amount": "100",
    }  # fmt: skip
    assert Tier.from_json({"unit_amount": "7"}) == Tier(None, Decimal(7), Decimal(0))
