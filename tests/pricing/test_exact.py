"""Exact arithmetic, and how decimals and amounts are written."""

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest

from dashboard.pricing.exact import (
    EXACT,
    MINUS,
    fraction_text,
    grouped,
    major_fraction_text,
    major_text,
    plain,
    subtract,
    total,
)

WIDEST = Decimal("99999999999999999999999999.999999999999")  # 38 digits, 12 of them places


def test_sums_and_differences_of_the_widest_numbers_lose_nothing():
    assert total([]) == 0
    assert total([WIDEST, Decimal("0.000000000001"), Decimal(1)]) == 10**26 + 1
    assert subtract(Decimal(10**26), WIDEST) == Decimal("0.000000000001")
    with pytest.raises(Inexact):
        EXACT.divide(Decimal(1), Decimal(3))


@pytest.mark.parametrize(
    ("value", "text", "for_people"),
    [
        ("0", "0", "0"),
        ("1000", "1000", "1,000"),
        ("1E+6", "1000000", "1,000,000"),
        ("1200.00", "1200", "1,200"),
        ("0.0500", "0.05", "0.05"),
        ("1234567.5", "1234567.5", "1,234,567.5"),
        ("-1000.10", "-1000.1", "-1,000.1"),
    ],
)
def test_a_decimal_is_written_without_exponent_and_trailing_zeros(value, text, for_people):
    assert (plain(Decimal(value)), grouped(Decimal(value))) == (text, for_people)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(1200), "1200"),
        (Fraction(5, 4), "1.25"),
        (Fraction(-5, 4), "-1.25"),
        (Fraction(2, 3), "0.666666666666…"),
        (Fraction(-2, 3), "-0.666666666666…"),
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(1, 10**13), "0…"),
        (Fraction(10**40 + 1), f"1{'0' * 39}1"),
    ],
)
def test_a_fraction_is_written_with_twelve_places_and_says_when_it_has_more(value, text):
    assert fraction_text(value) == text


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        ("0", "usd", "$0.00"),
        ("5", "usd", "$0.05"),
        ("123450", "usd", "$1,234.50"),
        ("0.05", "usd", "$0.0005"),
        ("-1", "usd", f"{MINUS}$0.01"),
        ("1234", "jpy", "¥1,234"),
        ("0.5", "jpy", "¥0.5"),
        ("1500", "kwd", "KWD1.500"),
        ("1500", "eur", "€15.00"),
        ("1500", "isk", "ISK15"),
        ("1550", "isk", "ISK15.50"),
    ],
)
def test_an_amount_is_written_in_its_currency_with_every_digit(minor_units, currency, text):
    assert major_text(Decimal(minor_units), currency) == text


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        (Fraction(200), "usd", "$2.00"),
        (Fraction(-200), "usd", f"{MINUS}$2.00"),
        (Fraction(1, 2), "usd", "$0.005"),
        (Fraction(-1, 2), "usd", f"{MINUS}$0.005"),
        (Fraction(2, 3), "usd", "$0.006666666666…"),
        (Fraction(-2, 3), "jpy", f"{MINUS}¥0.666666666666…"),
        (Fraction(200_000_001, 2), "usd", "$1,000,000.005"),
        (Fraction(2, 3), "kwd", "KWD0.000666666666…"),
    ],
)
def test_an_unrounded_amount_says_when_it_has_more_than_twelve_places(minor_units, currency, text):
    assert major_fraction_text(minor_units, currency) == text
