"""An amount in words: the sentences of "explain this charge". Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from dashboard.pricing.charge import Charge, Step, room
from dashboard.pricing.exact import EXACT, grouped, major_fraction_text, major_text, subtract
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


def usage_words(terms: Terms, charged: Charge, up_to: Fraction) -> list[str]:
    """Say what was used, where it stands in the cycle's count, and what each part costs.

    `up_to` is what everything up to the last of the units costs.
    """
    words = [_units_words(terms, charged)]
    if charged.billable:
        words += _place_words(terms, charged)
    words += [step_words(terms, step) for step in charged.steps]
    if charged.place.before and charged.billable and terms.model != "flat":
        words.append(_difference_words(terms, charged, up_to))
    return words


def step_words(terms: Terms, step: Step) -> str:
    """Say what one part of a charge costs."""
    each = major_text(step.unit_amount, terms.currency)
    amount = major_fraction_text(step.amount, terms.currency)
    if step.kind == "flat":
        return f"Flat amount: {each}."
    if step.kind == "packages":
        size = _counted(terms.package_size or Decimal(1), terms.unit_label)
        return f"{_counted(step.quantity, 'package')} of {size} at {each} each: {amount}."
    words = f"{_counted(step.quantity, terms.unit_label)} at {each} each"
    if step.kind == "tier":
        words += f", {_tier_words(step)}"
    if step.flat_amount:
        words += f", plus {major_text(step.flat_amount, terms.currency)}"
    return f"{words}: {amount}."


def share_words(
    terms: Terms, segment: Stretch, charged: Charge, amount: Fraction, cycle_seconds: int
) -> str:
    """Say which share of a whole cycle's fee a segment is."""
    held = _counted(segment.quantity, terms.unit_label)
    fee = major_fraction_text(charged.amount, terms.currency)
    if segment.seconds == cycle_seconds:
        return f"{held} for the whole cycle: {fee}."
    return (
        f"{held} for {_duration(segment.seconds)} of {_duration(cycle_seconds)}: "
        f"{segment.seconds:,} / {cycle_seconds:,} seconds of {fee} "
        f"is {major_fraction_text(amount, terms.currency)}."
    )


def _units_words(terms: Terms, charged: Charge) -> str:
    used = f"{_counted(charged.units, terms.unit_label)} used"
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


def _place_words(terms: Terms, charged: Charge) -> Iterator[str]:
    """Say what the count before, and that of the whole cycle, mean for these units."""
    start = max(subtract(charged.place.before, terms.allowance), Decimal(0))
    if terms.model == "volume" and charged.place.whole != charged.units:
        yield f"All {_counted(charged.place.whole, terms.unit_label)} of the cycle decide the tier."
    if terms.model == "graduated":
        used_up = [tier.up_to for tier in terms.tiers if tier.up_to and tier.up_to <= start]
        if used_up:
            count = "tier" if len(used_up) == 1 else f"{len(used_up)} tiers"
            verb = "was" if len(used_up) == 1 else "were"
            yield f"The {count} up to {grouped(used_up[-1])} {verb} used up earlier."
    if terms.model == "package" and (fitting := min(room(terms, start), charged.billable)):
        begun = "the package started under an earlier version"
        yield f"{grouped(fitting)} of them fit into {begun}."
    if charged.place.is_asked and terms.model in ("flat", "volume"):
        yield "The flat amount of the cycle was billed under an earlier version."


def _difference_words(terms: Terms, charged: Charge, up_to: Fraction) -> str:
    count = EXACT.add(charged.place.before, charged.units)
    costs = (up_to, up_to - charged.amount)
    last, first = (major_fraction_text(cost, terms.currency) for cost in costs)
    return (
        f"On these terms all {_counted(count, terms.unit_label)} so far cost {last}, the "
        f"{grouped(charged.place.before)} before {first}: the difference is charged."
    )


def _tier_words(step: Step) -> str:
    if step.up_to is None:
        return "last tier"
    tier = f"tier up to {grouped(step.up_to)}"
    return f"rest of the {tier}" if step.is_begun else tier


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    parts = [_counted(Decimal(days), "day")] if days or not rest else []
    return " ".join(parts + ([str(timedelta(seconds=rest))] if rest else []))


def _counted(count: Decimal, noun: str) -> str:
    # "GB" and "requests" stay as they are.
    invariable = count == 1 or noun.endswith("s") or noun[-1].isupper()
    return f"{grouped(count)} {noun if invariable else noun + 's'}"
