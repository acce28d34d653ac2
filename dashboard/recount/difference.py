"""A difference between what the facts come to and what the ledger has, and what explains it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dashboard.pricing.exact import grouped, major_text


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the ledger is not what its facts come to.

    `expected` and `found` are minor units of `currency`, or units of usage where it is None. `why`
    is a sentence that names the first fact from which on the two are apart.
    """

    slug: str
    # Of the invoice that it shows on, if it is one.
    sequence: int | None
    subject: str
    currency: str | None
    expected: Decimal
    found: Decimal
    why: str

    def __str__(self) -> str:
        expected, found, apart = (
            major_text(side, self.currency) if self.currency else f"{grouped(side)} units"
            for side in (self.expected, self.found, abs(self.found - self.expected))
        )
        which = "too much" if self.found > self.expected else "too little"
        by = f", {apart} {which}" if self.found != self.expected else ""
        return (
            f"{self.slug}, {self.subject}: the facts come to {expected}, the ledger has "
            f"{found}{by}. {self.why}"
        )
