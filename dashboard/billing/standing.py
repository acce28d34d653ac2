"""Where the money of an item stands: billed, credited, on a void invoice, or written off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What earlier invoices did with a part of what something costs, in minor units.

    `held` is on void invoices and awaits a decision: nobody was billed it, and it is not billed
    here either; `rebilled` was there and has an item of its own by now. `credited` was billed, and
    a credit note took it off again: `billed` is without it. `void` names the invoices that held and
    written-off amounts are on.
    """

    billed: int = 0
    rebilled: int = 0
    held: int = 0
    written_off: int = 0
    credited: int = 0
    void: tuple[str, ...] = ()

    @property
    def cents(self) -> int:
        """What is accounted for already; the rest is left to bill."""
        return self.billed + self.rebilled + self.held + self.written_off + self.credited


def fit(claims: Sequence[int], owed: int) -> list[int]:
    """Return the claims cut so that together they are no more than is owed; the newest go first.

    Claims below zero (a credit on a void invoice) are cut the same way from the other side.
    """
    asked = sum(claims)
    excess = asked - within(owed, asked)
    kept: list[int] = []
    for claim in reversed(claims):
        cut = within(excess, claim)
        kept.append(claim - cut)
        excess -= cut
    return kept[::-1]


def within(cents: int, bound: int) -> int:
    """Return the number nearest to `cents` between zero and `bound`."""
    return min(max(cents, min(0, bound)), max(0, bound))
