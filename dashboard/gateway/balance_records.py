"""What Stripe says of a customer's balance: its transactions, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.gateway.told import Told


@dataclass(frozen=True, slots=True)
class RemoteBalanceMove(Told):
    """One transaction: by `cents` (below zero is credit), which left `ending_cents`.

    `kind` is Stripe's type, such as `adjustment` for a move by hand.
    """

    id: str
    kind: str
    cents: int
    ending_cents: int
    currency: str
    made_at: datetime
    stripe_invoice_id: str | None
    note_id: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class RemoteBalance:
    """The newest transactions of a customer; `has_more` where older ones were not read."""

    moves: Sequence[RemoteBalanceMove]
    has_more: bool
