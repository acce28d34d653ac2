"""The explanation of an amount: every number it came from, and the same in words. Pure.

Quantities and unrounded minor units are strings, so that JSON keeps them exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from dashboard.pricing.charge import Charge, Step
from dashboard.pricing.exact import fraction_text, grouped, major_fraction_text, major_text, plain
from dashboard.pricing.terms import Terms

ROUNDING = "half away from zero"


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


def of_usage(terms: Terms, charged: Charge, cents: int) -> dict[str, Any]:
    """Explain what the usage of a cycle costs."""
    words = [_units_words(terms, charged)]
    words += [_step_words(terms, step) for step in charged.steps]
    return _common(terms, charged.amount, cents, words, len(charged.steps)) | {
        "units": plain(charged.units),
        "allowance": plain(terms.allowance),
        "billable": plain(charged.billable),
        "steps": [_step_json(step) for step in charged.steps],
    }


def of_fee(
    terms: Terms,
    parts: Sequence[tuple[Stretch, Charge, Fraction]],
    cycle_seconds: int,
    exact: Fraction,
    cents: int,
) -> dict[str, Any]:
    """Explain a fee: per segment the whole cycle's fee and the share of it that was attached."""
    words: list[str] = []
    for segment, charged, amount in parts:
        words += [_step_words(terms, step) for step in charged.steps if step.kind != "flat"]
        words.append(_share_words(terms, segment, charged, amount, cycle_seconds))
    words = words or ["Not attached in this period."]
    return _common(terms, exact, cents, words, len(parts)) | {
        "cycle_seconds": cycle_seconds,
        "allowance": plain(terms.allowance),
        "segments": [
            {
                "start": segment.start.isoformat(),
                "end": segment.end.isoformat(),
                "seconds": segment.seconds,
                "quantity": plain(segment.quantity),
                "cycle_fee": fraction_text(charged.amount),
                "amount": fraction_text(amount),
                "steps": [_step_json(step) for step in charged.steps],
            }
            for segment, charged, amount in parts
        ],
    }


def _common(
    terms: Terms, exact: Fraction, cents: int, words: list[str], summands: int
) -> dict[str, Any]:
    rounded = major_text(Decimal(cents), terms.currency)
    together = "Together " if summands > 1 else ""
    if exact.denominator != 1:
        unrounded = major_fraction_text(exact, terms.currency)
        words = [*words, f"{together}{unrounded}, rounded {ROUNDING}: {rounded}."]
    elif together:
        words = [*words, f"{together}{rounded}."]
    return {
        "model": terms.model,
        "unit_label": terms.unit_label,
        "currency": terms.currency,
        "unrounded": fraction_text(exact),
        "rounding": ROUNDING,
        "amount_cents": cents,
        "words": words,
    }


def _step_json(step: Step) -> dict[str, str | None]:
    return {
        "kind": step.kind,
        "quantity": plain(step.quantity),
        "unit_amount": plain(step.unit_amount),
        "flat_amount": plain(step.flat_amount),
        "up_to": None if step.up_to is None else plain(step.up_to),
        "amount": fraction_text(step.amount),
    }


def _units_words(terms: Terms, charged: Charge) -> str:
    used = f"{_counted(charged.units, terms.unit_label)} used"
    if not terms.allowance:
        return f"{used}."
    covered = f"{grouped(charged.allowance)} of {grouped(terms.allowance)} included"
    return f"{used}, {covered}, {grouped(charged.billable)} charged."


def _step_words(terms: Terms, step: Step) -> str:
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


def _tier_words(step: Step) -> str:
    return "last tier" if step.up_to is None else f"tier up to {grouped(step.up_to)}"


def _share_words(
    terms: Terms, segment: Stretch, charged: Charge, amount: Fraction, cycle_seconds: int
) -> str:
    held = _counted(segment.quantity, terms.unit_label)
    fee = major_fraction_text(charged.amount, terms.currency)
    if segment.seconds == cycle_seconds:
        return f"{held} for the whole cycle: {fee}."
    return (
        f"{held} for {_duration(segment.seconds)} of {_duration(cycle_seconds)}: "
        f"{segment.seconds:,} / {cycle_seconds:,} seconds of {fee} "
        f"is {major_fraction_text(amount, terms.currency)}."
    )


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    parts = [_counted(Decimal(days), "day")] if days or not rest else []
    return " ".join(parts + ([str(timedelta(seconds=rest))] if rest else []))


def _counted(count: Decimal, noun: str) -> str:
    # "GB" and "requests" stay as they are.
    invariable = count == 1 or noun.endswith("s") or noun[-1].isupper()
    return f"{grouped(count)} {noun if invariable else noun + 's'}"
