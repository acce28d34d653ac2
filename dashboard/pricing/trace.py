"""The explanation of an amount: every number it came from, and the same in words. Pure.

Quantities and unrounded minor units are strings, so that JSON keeps them exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dashboard.pricing.charge import cost_up_to
from dashboard.pricing.exact import fraction_text, major_fraction_text, major_text, plain
from dashboard.pricing.steps import Charge, Step
from dashboard.pricing.terms import Terms
from dashboard.pricing.words import Cycle, Stretch, share_words, usage_words

ROUNDING = "half away from zero"


def of_usage(terms: Terms, charged: Charge, cents: int) -> dict[str, Any]:
    """Explain what the usage of a cycle costs; `before` it count earlier versions' units."""
    up_to, amount = cost_up_to(terms, charged), charged.amount
    words = usage_words(terms, charged, up_to)
    return _common(terms, amount, cents, words, len(charged.steps)) | {
        "units": plain(charged.units),
        "before": plain(charged.place.before),
        "whole": plain(charged.place.whole),
        "allowance": plain(terms.allowance),
        "billable": plain(charged.billable),
        "cost_before": fraction_text(up_to - amount),
        "cost_up_to": fraction_text(up_to),
        "steps": [_step_json(step) for step in charged.steps],
    }


def of_fee(
    terms: Terms,
    parts: Sequence[tuple[Stretch, Charge, Fraction]],
    cycle_seconds: int,
    times: int,
    exact: Fraction,
    cents: int,
) -> dict[str, Any]:
    """Explain a fee: per segment the whole cycle's fee and the share of it that was attached.

    A whole cycle asks for the fee so many `times`.
    """
    words: list[str] = []
    for segment, charged, amount in parts:
        if not terms.priced.is_flat:
            words += [terms.priced.step_words(terms, step) for step in charged.steps]
        words.append(share_words(terms, segment, charged, amount, Cycle(cycle_seconds, times)))
    words = words or ["Not attached in this period."]
    return _common(terms, exact, cents, words, len(parts)) | {
        "cycle_seconds": cycle_seconds,
        **({} if times == 1 else {"times": times}),
        "allowance": plain(terms.allowance),
        "segments": [
            {
                "start": segment.start.isoformat(),
                "end": segment.end.isoformat(),
                "seconds": segment.seconds,
                "quantity": plain(segment.quantity),
                "cycle_fee": fraction_text(charged.amount * times),
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
    if exact != cents:
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
