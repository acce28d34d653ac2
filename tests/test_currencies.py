"""What of an exact amount can be charged, in every currency that is taken."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.currencies import TAKEN, charge_step
from dashboard.money import Money, round_charge
from dashboard.pricing.exact import major_text
from tests.support.rating import charged

unhurried = settings(deadline=None)
currencies = st.sampled_from(sorted(TAKEN))
exact = st.fractions(-(10**9), 10**9)


@unhurried
@given(exact, currencies)
def test_an_amount_is_rounded_to_the_nearest_that_can_be_charged(amount, currency):
    cents = round_charge(amount, currency)
    assert Money(cents, currency).is_chargeable
    assert abs(cents - amount) * 2 <= charge_step(currency)


@unhurried
@given(exact, st.sampled_from(["usd", "jpy", "isk", "ugx", "kwd"]))
def test_halves_go_away_from_zero(amount, currency):
    assert round_charge(amount, currency) == charged(amount, currency)
    step = charge_step(currency)
    assert round_charge(Fraction(step, 2), currency) == step
    assert round_charge(Fraction(-step, 2), currency) == -step


@unhurried
@given(st.integers(-(10**9), 10**9), currencies)
def test_what_can_be_charged_is_not_rounded_again(count, currency):
    cents = count * charge_step(currency)
    assert round_charge(cents, currency) == cents


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        ("105000", "isk", "ISK1,050"),
        ("105050", "isk", "ISK1,050.50"),
        ("10.5", "isk", "ISK0.105"),
        ("1230", "kwd", "KWD1.230"),
        ("0", "ugx", "UGX0"),
    ],
)
def test_words_write_what_is_charged(cents, currency, text):
    assert major_text(Decimal(cents), currency) == text


def test_two_currencies_are_whole_and_five_go_by_tens():
    assert {one for one in TAKEN if charge_step(one) == 100} == {"isk", "ugx"}
    assert {one for one in TAKEN if charge_step(one) == 10} == {"bhd", "jod", "kwd", "omr", "tnd"}
