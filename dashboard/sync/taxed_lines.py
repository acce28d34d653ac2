"""Lines of a bill with automatic tax, none of which may be below zero. Pure.

Stripe computes no tax on an invoice with a negative line. So credits are taken off the lines that
charge, and each line says how much; what no line has room for is left for the next bill. The sum
stays the ledger's to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from dashboard.gateway.records import LineContent
from dashboard.pricing.exact import major_text

# What a description has room for at Stripe as well as here.
MOST = 500
# Usage moves every hour: a credit is taken off what stands still first, so that it does too.
MOVES_OFTEN = "metered:"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of zero or more each, and what of the credits none had room for.

    `left` are (key, cents) below zero, in the order of the lines. Lines and what is left add up to
    what the ledger's lines do, in all and by key: a lowered line's `members` say what is in it.
    """

    lines: tuple[LineContent, ...]
    left: tuple[tuple[str, int], ...]

    @property
    def left_cents(self) -> int:
        """What is left, in minor units; zero or below."""
        return sum(cents for _, cents in self.left)


def fit(
    lines: Sequence[LineContent], *, families: Mapping[str, int | None], currency: str
) -> Fitted:
    """Return `lines` with every credit taken off lines that charge, as far as there is room.

    `families` tell by key the price that a line is for: a credit lowers lines of its own price
    first, then those that stand still, then usage; each by key, so that the same facts make the
    same lines whatever their order.
    """
    charges = sorted((one for one in lines if one.amount_cents > 0), key=_steadiness)
    room = {one.key: one.amount_cents for one in charges}
    # The next one is the last of its list, and goes from it once nothing of it is left.
    everything = charges[::-1]
    by_family: dict[int | None, list[LineContent]] = defaultdict(list)
    for one in everything:
        by_family[families.get(one.key)].append(one)
    taken: dict[str, list[tuple[LineContent, int]]] = {one.key: [] for one in charges}
    left: list[tuple[str, int]] = []
    credits = sorted((one for one in lines if one.amount_cents < 0), key=lambda one: one.key)
    for credit in _own_price_first(credits, families):
        open_cents = -credit.amount_cents
        family = families.get(credit.key)
        for waiting in (everything,) if family is None else (by_family[family], everything):
            while open_cents and waiting:
                charge = waiting[-1]
                part = min(open_cents, room[charge.key])
                if part:
                    room[charge.key] -= part
                    open_cents -= part
                    taken[charge.key].append((credit, part))
                if not room[charge.key]:
                    waiting.pop()
        if open_cents:
            left.append((credit.key, -open_cents))
    kept = (one for one in lines if one.amount_cents >= 0)
    lowered = (_lowered(one, taken.get(one.key, ()), currency) for one in kept)
    return Fitted(tuple(lowered), tuple(left))


def _steadiness(line: LineContent) -> tuple[bool, str]:
    return line.key.startswith(MOVES_OFTEN), line.key


def _own_price_first(
    credits: Sequence[LineContent], families: Mapping[str, int | None]
) -> list[LineContent]:
    """Return those with a price before those that any line has room for."""
    return sorted(credits, key=lambda one: families.get(one.key) is None)


def _lowered(
    line: LineContent, taken: Sequence[tuple[LineContent, int]], currency: str
) -> LineContent:
    """Return the line less what was taken off, and saying so."""
    if not taken:
        return line
    off = sum(cents for _, cents in taken)
    amount = major_text(Decimal(off), currency)
    what = f": {taken[0][0].description}" if len(taken) == 1 else f" in {len(taken)} credits"
    less = f", less {amount}"
    # The amount comes first: it must change where the sum does, however long the words are.
    description = f"{line.description[: MOST - len(less)]}{less}{what}"[:MOST]
    return replace(
        line,
        amount_cents=line.amount_cents - off,
        description=description,
        members=((line.key, line.amount_cents), *((one.key, -cents) for one, cents in taken)),
    )
