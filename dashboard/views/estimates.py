"""How an estimate reads: with no more digits than it is worth, and the day it is for."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from dashboard.currencies import minor_digits
from dashboard.views.formatting import DASH, money

SIGNIFICANT = 3


def about(cents: int, currency: str, owed: int | None = None) -> str:
    """Return an amount by its first three digits: 358012 usd is $3,580; small ones in full.

    What is above the amount `owed` already never reads as less than it.
    """
    grain = _grain(cents, currency)
    rounded = (cents + grain // 2) // grain * grain
    if owed is not None and rounded < owed <= cents:
        rounded += grain
    return _written(rounded, currency)


def about_range(low: int, high: int, currency: str, owed: int | None = None) -> str:
    """Return the bounds by their first digits, outward, so that what lies between them still does.

    $3,410 – $3,770; one amount where both read the same. What is `owed` already is no estimate:
    a range above it does not begin below it.
    """
    grain = _grain(max(abs(low), abs(high)), currency)
    least = low // grain * grain
    if owed is not None and least < owed <= low:
        least = owed
    bounds = [_written(cents, currency) for cents in (least, -(-high // grain) * grain)]
    return f" {DASH} ".join(dict.fromkeys(bounds))


def last_day(end: datetime) -> str:
    """Return the last day of a period that ends at `end`: 5 Dec."""
    return f"{end.astimezone(UTC) - timedelta(microseconds=1):%-d %b}"


def _grain(cents: int, currency: str) -> int:
    """Return what an estimate is rounded to: nothing below a hundred whole units."""
    unit: int = 10 ** minor_digits(currency)
    whole = abs(cents) // unit
    if whole < 10 ** (SIGNIFICANT - 1):
        return 1
    zeros = max(len(str(whole)) - SIGNIFICANT, 0)
    return unit * int("1" + "0" * zeros)


def _written(cents: int, currency: str) -> str:
    digits = minor_digits(currency)
    text = money(cents, currency)
    is_whole = cents % 10**digits == 0 and abs(cents) >= 10 ** (digits + SIGNIFICANT - 1)
    return text.removesuffix(f".{'0' * digits}") if is_whole else text


def register_estimates(app: Flask) -> None:
    """Add these to the templates under their own names."""
    for function in (about, about_range, last_day):
        app.add_template_filter(function)
