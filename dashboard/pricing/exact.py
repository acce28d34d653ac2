"""Exact arithmetic on decimals of the ledger's size, and how they are written."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import cache

from babel.numbers import get_currency_symbol

from dashboard.currencies import minor_digits, shown_digits

# Decimal's default context silently keeps 28 digits; NUMERIC(38,12) holds 38, and sums a few more.
EXACT = Context(prec=80, traps=[Inexact])
_SHOWN_PLACES = 12
_SHOWN = 10**_SHOWN_PLACES
MINUS = "\N{MINUS SIGN}"


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


# Units that are given in a word without a regular plural stay as they were given.
UNCHANGED = frozenset(
    (
        "bandwidth", "child", "compute", "data", "equipment", "foot", "hardware", "hertz",
        "information", "man", "memory", "metadata", "percent", "person", "series", "software",
        "staff", "storage", "traffic", "woman",
    )
)  # fmt: skip
# A symbol (kWh, GB, ms, vCPU) is no word, and neither is what ends in a digit.
_WORD = re.compile(r"(?<![A-Za-z0-9])[a-z]{3,}$")


@cache
def plural(noun: str) -> str:
    """Return what several of a unit are called: requests, addresses, GB-hours, queries; GB, kWh."""
    found = _WORD.search(noun)
    word = found[0] if found else ""
    if not word or word in UNCHANGED:
        return noun
    if word.endswith(("ss", "sh", "ch", "x", "z")):
        return f"{noun}es"
    if word[-1] == "y" and word[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun if word[-1] == "s" else f"{noun}s"


def units(count: Decimal, noun: str) -> str:
    """Return what so many of a unit are called: request for one, else requests."""
    return noun if count == 1 else plural(noun)


def counted(count: Decimal, noun: str) -> str:
    """Write units with what they are called: 1 server, 2 servers, 5 GB."""
    return f"{grouped(count)} {units(count, noun)}"


def per(count: Decimal, noun: str) -> str:
    """Write what a price is for: per request, per 100,000 requests."""
    return f"per {noun if count == 1 else counted(count, noun)}"


def fraction_text(value: Fraction) -> str:
    """Write an exact amount with at most twelve places; an ellipsis for digits left out."""
    # In whole numbers: a fraction of fractions looks for common divisors at every step.
    scaled, rest = divmod(abs(value.numerator) * _SHOWN, value.denominator)
    text = plain(EXACT.scaleb(Decimal(scaled), -_SHOWN_PLACES))
    return f"{'-' if value.numerator < 0 else ''}{text}{'…' if rest else ''}"


def major_text(minor_units: Decimal, currency: str) -> str:
    """Write minor units as people read an amount, with every digit it has: $1,234.50, $0.0005."""
    digits = minor_digits(currency)
    whole, _, places = grouped(abs(EXACT.scaleb(minor_units, -digits))).partition(".")
    # Amounts of a currency that is charged in whole units have no decimals; prices may.
    padded = places.ljust(digits if places else shown_digits(currency), "0")
    return _signed(minor_units < 0, f"{whole}.{padded}" if padded else whole, currency)


def major_fraction_text(minor_units: Fraction, currency: str) -> str:
    """Write an exact, unrounded number of minor units as an amount of the currency."""
    if minor_units.denominator == 1:
        return major_text(Decimal(int(minor_units)), currency)
    whole = minor_units.denominator * 10 ** minor_digits(currency)
    scaled, rest = divmod(abs(minor_units.numerator) * _SHOWN, whole)
    text = grouped(EXACT.scaleb(Decimal(scaled), -_SHOWN_PLACES))
    return _signed(minor_units.numerator < 0, f"{text}{'…' if rest else ''}", currency)


def _signed(is_negative: bool, amount: str, currency: str) -> str:
    return f"{MINUS if is_negative else ''}{symbol(currency)}{amount}"


@cache
def symbol(currency: str) -> str:
    """Return what stands before an amount of `currency`: $, €, ISK."""
    return get_currency_symbol(currency.upper(), locale="en")
