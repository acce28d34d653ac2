"""A repair of what needs a person: what it does, costs and moves, and how it is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The page on which a repair is done; None where it is done at Stripe or outside of the product.
Page = Literal[
    "verify",
    "invoice",
    "lines",
    "difference",
    "credit_note",
    "reissue",
    "refund",
    "adjustment",
    "void",
    "at_stripe",
    "syncs",
    "details",
    "services",
    "invariants",
    "gaps",
    "restores",
    "event",
    "proposal",
    "budget",
    "mails",
    "tax",
    "issue",
    "limits",
    "endpoint",
    "jobs",
    "calls",
]
# Whether it asks why: always, never, or only where it says so.
Reason = Literal["asked", "not asked", "optional"]


@dataclass(frozen=True, slots=True)
class Repair:
    """One way to repair something.

    `plan` says what is done, `calls` how many calls to Stripe that costs, `money` what the customer
    then pays or gets. `audit` are the acts that it leaves on record; none of what is done at
    Stripe, which is recorded once Stripe tells it. `undo` is how it is taken back; None where it
    is not. `button` leads to `page`.
    """

    title: str
    plan: str
    calls: str
    money: str
    reason: Reason = "not asked"
    audit: tuple[str, ...] = ()
    undo: str | None = None
    page: Page | None = None
    button: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is done in the product, and not at Stripe."""
        return self.page not in (None, "at_stripe")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Why something waits for a person, in a sentence, and what repairs it: the best way first."""

    why: str
    repairs: tuple[Repair, ...]
