"""How money, quantities and instants read; the templates' filters."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from flask import Flask

from dashboard.billing.tax_words import exemption_words, untaxed_because
from dashboard.currencies import charge_step, minor_digits, shown_digits
from dashboard.gateway.addresses import address_lines
from dashboard.money import Money
from dashboard.paging import Counted
from dashboard.pricing.exact import MINUS, grouped, plural, symbol, units

MIDNIGHT = time()
DASH = "\N{EN DASH}"
# Browsers break a line between a minus and what is no digit, so between that of "−$5.00" too.
HELD_MINUS = f"{MINUS}\N{WORD JOINER}"
_SPANS = ((1440, "d", "day"), (60, "h", "hour"), (1, "min", "minute"))


def money(cents: int | None, currency: str) -> str:
    """Return minor units as people write them: 229285 usd is $2,292.85; nothing is a dash."""
    if cents is None:
        return DASH
    manner = _manner(currency)
    # Not the digits that people write by custom: what is charged, also where that has more of them.
    is_whole = manner.is_shown_whole and cents % manner.step == 0
    whole, rest = divmod(abs(cents), manner.unit)
    text = f"{whole:,}" if is_whole else f"{whole:,}.{rest:0{manner.digits}d}"
    return f"{HELD_MINUS if cents < 0 else ''}{manner.symbol}{text}"


class _Manner(NamedTuple):
    """How amounts of a currency are written: `unit` minor units are one whole of `digits` digits.

    Those that are a multiple of `step` have no decimals where they are shown as whole ones.
    """

    symbol: str
    digits: int
    unit: int
    step: int
    is_shown_whole: bool


@cache
def _manner(currency: str) -> _Manner:
    # Refuses what is not a currency.
    Money(0, currency)
    digits, is_shown_whole = minor_digits(currency), shown_digits(currency) == 0
    return _Manner(symbol(currency), digits, 10**digits, charge_step(currency), is_shown_whole)


def signed(cents: int, currency: str) -> str:
    """Return a difference, which always shows its sign: +$250.00."""
    return f"{'+' if cents > 0 else ''}{money(cents, currency)}"


def balance(cents: int, currency: str) -> str:
    """Return what is on a customer's balance at Stripe, and for whom: $0.30 owed, $10.00 credit."""
    amount = money(abs(cents), currency)
    return f"{amount} {'owed' if cents > 0 else 'credit'}" if cents else amount


def quantity(value: Decimal | str | int) -> str:
    """Return an exact quantity grouped by thousands, without trailing zeros."""
    return grouped(Decimal(value)).replace("-", MINUS)


def rounded(value: Decimal) -> Decimal:
    """Return a quantity that is only expected without the digits that say nothing: three count."""
    places = max(2 - value.adjusted(), 0) if value else 0
    return value.quantize(Decimal(1).scaleb(-places))


def many(value: Counted) -> str:
    """Return how many there are: 12, 12,000, or more than 1,000 where nobody counted further."""
    return f"{'more than ' if value.is_more else ''}{quantity(value.number)}"


def counted(value: Decimal | str | int, noun: str) -> str:
    """Return a quantity with its unit: 1 server, 2 servers, 5 GB."""
    return f"{quantity(value)} {units(Decimal(value), noun)}".strip()


def instant(value: datetime | None) -> str:
    """Return an instant as 22 Nov 2026, 10:29 UTC; nothing is a dash."""
    return f"{value.astimezone(UTC):%-d %b %Y, %H:%M} UTC" if value else DASH


def day(value: date | datetime | None) -> str:
    """Return a day as 22 Nov 2026; nothing is a dash."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return f"{value:%-d %b %Y}" if value else DASH


def short_day(value: datetime | None, now: datetime) -> str:
    """Return a day as 22 Nov, with its year where that is half a year away; nothing is a dash."""
    if value is None or abs(value - now) > timedelta(days=180):
        return day(value)
    return f"{value.astimezone(UTC):%-d %b}"


def clock(value: datetime) -> str:
    """Return the time of an instant in UTC, for a line that says so: 14:03."""
    return f"{value.astimezone(UTC):%H:%M}"


def lately(value: datetime, now: datetime) -> str:
    """Return the time of an instant of today, and of any other with its day: 22 Nov, 14:03."""
    is_today = value.astimezone(UTC).date() == now.astimezone(UTC).date()
    return clock(value) if is_today else f"{short_day(value, now)}, {clock(value)}"


def day_of(now: datetime, start: datetime, end: datetime) -> str:
    """Return how far a period has come, after its name: `, day 21 of 30`; nothing outside."""
    days = -((start - end) // timedelta(days=1))
    return f", day {(now - start) // timedelta(days=1) + 1} of {days}" if start <= now < end else ""


def lasting(seconds: float) -> str:
    """Return how long something lasts in its largest whole unit: 12 s, 3 min, 2 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h"


def span(seconds: float, *, in_words: bool = False) -> str:
    """Return how long something lasts in its two largest units: 2 d 4 h, or 2 days 4 hours."""
    left, parts = max(int(seconds // 60), 0), []
    for minutes, short, word in _SPANS:
        number, left = divmod(left, minutes)
        if number:
            parts.append(counted(number, word) if in_words else f"{number} {short}")
    return " ".join(parts[:2]) or ("less than a minute" if in_words else "now")


def machine(value: datetime) -> str:
    """Return an instant for <time datetime> and exports: 2026-11-22T10:29:31Z."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def period(start: datetime, end: datetime) -> str:
    """Return a half-open period as people say it: first and last day, both included.

    Boundaries within a day are shown with their time: without it two periods would share a day.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if start.time() != MIDNIGHT or end.time() != MIDNIGHT:
        return f"{start:%-d %b %Y, %H:%M} {DASH} {end:%-d %b %Y, %H:%M} UTC"
    last = end - timedelta(days=1)
    if start.year != last.year:
        return f"{day(start)} {DASH} {day(last)}"
    if start.month != last.month:
        return f"{start:%-d %b} {DASH} {day(last)}"
    return f"{start.day} {DASH} {day(last)}"


def bounds(start: datetime, end: datetime) -> str:
    """Return what `period` leaves open: whether its end is part of it."""
    whole_days = all(edge.astimezone(UTC).time() == MIDNIGHT for edge in (start, end))
    return "Days in UTC, both included" if whole_days else "Up to, not including, the end"


def middle(text: str, keep: int = 7) -> str:
    """Return a long id with its middle left out; short ones as they are."""
    if len(text) <= 2 * keep + 1:
        return text
    return f"{text[:keep]}\N{HORIZONTAL ELLIPSIS}{text[-keep:]}"


def initials(name: str) -> str:
    """Return the first letters of a name's first and last word."""
    words = name.split()
    return (
        "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper() if words else ""
    )


def register_filters(app: Flask) -> None:
    """Add these to the templates under their own names."""
    for function in (
        money, quantity, rounded, many, counted, plural, instant, day, lasting, span,
        machine, period, bounds, middle, balance, initials, signed, short_day, clock, lately,
        day_of, address_lines, exemption_words, untaxed_because,
    ):  # fmt: skip
        app.add_template_filter(function)
