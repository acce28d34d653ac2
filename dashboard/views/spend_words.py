"""What a spend chart says: a line for each bar, a sentence for the sum, a table and a download."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dashboard.money import Money
from dashboard.pricing.exact import MINUS
from dashboard.reading.spend.model import Proof, Spend
from dashboard.views.formatting import money

# A name longer than that would push the amounts out of the line.
LONGEST_NAME = 24


class Reading(NamedTuple):
    """The line of one bar: its day, the whole, and what that is made of."""

    title: str
    total: str
    parts: Sequence[tuple[str, str]]


class Term(NamedTuple):
    """A part of the sum below the chart."""

    sign: str
    amount: str
    words: str


def last_words(spend: Spend) -> str:
    """Return what the cycle is called that it is held against: not what was rolled out of this."""
    return "Last full cycle" if spend.is_part else "Last cycle"


def readings(spend: Spend) -> Iterator[Reading]:
    """Yield the line of each bar, in order."""
    running = spend.running.cents[1:] if spend.running else []
    for bar, total in enumerate(spend.totals):
        more, last = spend.expected[bar], spend.last[bar]
        parts = [
            (short(one.name), money(one.cents[bar], spend.currency))
            for one in spend.series
            if one.cents[bar]
        ]
        if more and bar <= spend.today:
            parts.append(("Expected", f"{money(more, spend.currency)} more"))
        if last is not None:
            parts.append((last_words(spend), money(last, spend.currency)))
        if bar < len(running):
            parts.append(("Running total", money(running[bar], spend.currency)))
        shown = f"{money(total, spend.currency)}{' so far' if bar == spend.today else ''}"
        if bar > spend.today:
            shown = f"{money(total + more, spend.currency)} expected"
        yield Reading(bar_title(spend, bar), shown, parts)


def bar_title(spend: Spend, bar: int) -> str:
    """Return the day of a bar, or the day its cycle began."""
    start = spend.starts[bar]
    return f"Cycle from {start:%-d %b %Y}" if spend.by_month else f"{start:%a %-d %b}"


def short(name: str) -> str:
    """Return a name that fits into a line beside others."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def proof_terms(proof: Proof, currency: str) -> list[Term]:
    """Return what adds up to what is owed; what is nothing is not said, but for the days."""
    said = [
        (proof.days, "in these days"),
        (proof.fees_to_come, "of fees for the days to come"),
        (proof.charges, "of one-off charges"),
        (proof.other_cycles, "from earlier cycles"),
        (proof.elsewhere, _elsewhere(proof.elsewhere)),
        (proof.credits, "of credits"),
    ]
    kept = [(cents, words) for cents, words in said if cents or words == said[0][1]]
    return [
        Term(_sign(cents, is_first=not number), money(abs(cents), currency), words)
        for number, (cents, words) in enumerate(kept)
    ]


def _elsewhere(cents: int) -> str:
    return "on earlier invoices of this cycle" if cents < 0 else "of usage before these days"


def _sign(cents: int, *, is_first: bool) -> str:
    if cents < 0:
        return MINUS if is_first else f"{MINUS} "
    return "" if is_first else "+ "


def spend_rows(spend: Spend, by: str) -> Iterator[Sequence[object]]:
    """Yield what a chart shows as a table for programs: a line for each bar and each of its groups.

    Amounts are in currency units; what is only expected is not among them.
    """
    yield ("cycle_start" if spend.by_month else "day", by, "amount", "currency")
    for bar, start in enumerate(spend.starts):
        for group in spend.groups:
            if group.cents[bar]:
                amount = Money(group.cents[bar], spend.currency).major
                yield (start.isoformat(), group.name, amount, spend.currency.upper())
