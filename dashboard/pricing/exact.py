"""Exact arithmetic on decimals of the ledger's size, and how they are written."""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from fractions import Fraction

from dashboard.money import minor_digits

# Decimal's default context silently keeps 28 digits; NUMERIC(38,12) holds 38, and sums a few more.
EXACT = Context(prec=80, traps=[Inexact])
_SHOWN_PLACES = 12


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """Return `left` - `right` without loss."""
    return EXACT.subtract(left, right)


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the sum of `values` without loss; zero if there are none."""
    result = Decimal(0)
    for value in values:
        result = EXACT.add(result, value)
    return result


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and trailing zeros: 1000, 0.05."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def grouped(value: Decimal) -> str:
    """Write a decimal for people, with thousands set apart: 1,234.5."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fraction_text(value: Fraction) -> str:
    """Write an exact amount with at most twelve places; an ellipsis for digits left out."""
    scaled, rest = divmod(abs(value) * 10**_SHOWN_PLACES, 1)
    text = plain(EXACT.scaleb(Decimal(int(scaled)), -_SHOWN_PLACES))
    return f"{'-' if value < 0 else ''}{text}{'…' if rest else ''}"


def major_text(minor_units: Decimal, currency: str) -> str:
    """Write minor units as an amount of the currency: 0.05 usd cents as "0.0005 USD"."""
    digits = minor_digits(currency)
    major = EXACT.scaleb(minor_units, -digits)
    text = grouped(major)
    whole, _, places = text.partition(".")
    padded = places.ljust(digits, "0")
    return f"{whole}.{padded} {currency.upper()}" if padded else f"{whole} {currency.upper()}"


def major_fraction_text(minor_units: Fraction, currency: str) -> str:
    """Write an exact, unrounded number of minor units as an amount of the currency."""
    if minor_units.denominator == 1:
        return major_text(Decimal(int(minor_units)), currency)
    return f"{fraction_text(minor_units / 10 ** minor_digits(currency))} {currency.upper()}"
