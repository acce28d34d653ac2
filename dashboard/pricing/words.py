"""An amount in words: the sentences of "explain this charge". Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, Protocol

from dashboard.pricing.exact import EXACT, counted, grouped, major_fraction_text, subtract
from dashboard.pricing.steps import Charge
from dashboard.pricing.terms import Terms


class Stretch(Protocol):
    """A stretch of time at one quantity."""

    @property
    def start(self) -> datetime:
        """The first instant."""

    @property
    def end(self) -> datetime:
        """The first instant after it."""

    @property
    def quantity(self) -> Decimal:
        """The quantity attached."""

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""


class Cycle(NamedTuple):
    """How long a whole cycle is, and how many times it asks for a fee."""

    seconds: int
    times: int


def usage_words(terms: Terms, charged: Charge, up_to: Fraction) -> list[str]:
    """Say what was used, where it stands in the cycle's count, and what each part costs.

    `up_to` is what everything up to the last of the units costs.
    """
    words = [_units_words(terms, charged)]
    if charged.billable:
        start = max(subtract(charged.place.before, terms.allowance), Decimal(0))
        words += terms.priced.place_words(terms, charged, start)
    words += [terms.priced.step_words(terms, step) for step in charged.steps]
    if charged.place.before and charged.billable and not terms.priced.is_flat:
        words.append(_difference_words(terms, charged, up_to))
    return words


def share_words(
    terms: Terms, segment: Stretch, charged: Charge, amount: Fraction, cycle: Cycle
) -> str:
    """Say which share of a whole cycle's fee a segment is."""
    held = counted(segment.quantity, terms.unit_label)
    fee = major_fraction_text(charged.amount * cycle.times, terms.currency)
    if cycle.times > 1:
        fee = f"{cycle.times} × {major_fraction_text(charged.amount, terms.currency)} = {fee}"
    if segment.seconds == cycle.seconds:
        return f"{held} for the whole cycle: {fee}."
    return (
        f"{held} for {_duration(segment.seconds)} of {_duration(cycle.seconds)}: "
        f"{segment.seconds:,} / {cycle.seconds:,} seconds of {fee} "
        f"is {major_fraction_text(amount, terms.currency)}."
    )


def _units_words(terms: Terms, charged: Charge) -> str:
    used = f"{counted(charged.units, terms.unit_label)} used"
    if charged.place.before:
        used += f", after {grouped(charged.place.before)} under earlier versions of the price"
    if not terms.allowance:
        return f"{used}."
    covered = f"{grouped(charged.allowance)} of {grouped(terms.allowance)} included"
    if charged.place.before:
        left = max(subtract(terms.allowance, charged.place.before), Decimal(0))
        left_words = grouped(left) if left else "none"
        covered = f"{left_words} of {grouped(terms.allowance)} included were left"
    return f"{used}, {covered}, {grouped(charged.billable)} charged."


def _difference_words(terms: Terms, charged: Charge, up_to: Fraction) -> str:
    count = EXACT.add(charged.place.before, charged.units)
    costs = (up_to, up_to - charged.amount)
    last, first = (major_fraction_text(cost, terms.currency) for cost in costs)
    return (
        f"On these terms all {counted(count, terms.unit_label)} so far cost {last}, the "
        f"{grouped(charged.place.before)} before {first}: the difference is charged."
    )


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    parts = [counted(Decimal(days), "day")] if days or not rest else []
    return " ".join(parts + ([str(timedelta(seconds=rest))] if rest else []))
