"""The customer's balance at Stripe as the API speaks of it; amounts are minor units."""

from typing import Literal

from dashboard.api.schemas.types import Instant, Told
from dashboard.billing.balance_history import BalanceStep, History


class BalanceStepOut(Told):
    """One move; below zero is credit. `invoice` is the one that moved it, or showed the move.

    A `foreign` one was not made by this product, and `unknown` is what was there before anything
    is known: both happened at some time before `at`.
    """

    kind: Literal["invoice", "void", "credit_note", "overpaid", "foreign", "unknown"]
    at: Instant
    cents: int
    balance_cents: int | None
    invoice: int
    credit_note: str | None

    @classmethod
    def of(cls, step: BalanceStep) -> "BalanceStepOut":
        """Read a move."""
        return cls(
            kind=step.kind,
            at=step.at,
            cents=step.cents,
            balance_cents=step.balance_cents,
            invoice=step.invoice.sequence,
            credit_note=step.note,
        )


class BalanceOut(Told):
    """What is on the balance as far as is known here, null where it is not, and what moved it.

    Moves since the last invoice that others made show with the next one.
    """

    currency: str
    balance_cents: int | None
    moves: list[BalanceStepOut]

    @classmethod
    def of(cls, history: History) -> "BalanceOut":
        """Read a history."""
        return cls(
            currency=history.currency,
            balance_cents=history.balance_cents,
            moves=[BalanceStepOut.of(one) for one in history.steps],
        )
