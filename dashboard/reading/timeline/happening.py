"""One thing that happened, whichever log it is read from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from dashboard.reading.timeline.wanted import Place


class Happening(NamedTuple):
    """When, in which source, and the source's own row, which says the rest."""

    at: datetime
    rank: int
    id: int
    source: str
    kind: str
    told: Any

    @property
    def place(self) -> Place:
        """Where older ones begin."""
        return Place(self.at, self.rank, self.id)


class Entry(NamedTuple):
    """An act on record, with what it was done to as far as a timeline links it."""

    id: int
    at: datetime
    action: str
    actor_kind: str
    actor_label: str
    reason: str | None
    facts: dict[str, Any]
    currency: str
    subject_id: int | None
    sequence: int | None
    number: str | None
    service_label: str | None
    price_name: str | None
    # The member of the organization who did it; customers are not told which of us did.
    member: str | None
    # By how much it moved the bill, as the history of its lines has it; None where that has none.
    moved_cents: int | None = None


class Milestone(NamedTuple):
    """A step that a bill took."""

    id: int
    at: datetime
    step: str
    sequence: int
    number: str | None
    currency: str
    total_cents: int
    paid_cents: int | None
    failure: str | None
    decline_code: str | None


class Run(NamedTuple):
    """A sync: what it sent and found, and what Stripe's total was.

    `is_apart`: a line added at Stripe was on the draft, so the ledger's total was another one.
    """

    id: int
    at: datetime
    finished_at: datetime | None
    trigger: str
    verify: bool
    state: str
    actor_kind: str
    actor_label: str
    added: int
    changed: int
    removed: int
    cents_before: int | None
    cents_after: int | None
    found: int
    first_found: dict[str, Any] | None
    error: str | None
    sequence: int
    number: str | None
    currency: str
    is_apart: bool

    @property
    def sent(self) -> int:
        """How many lines it added, changed and removed at Stripe."""
        return self.added + self.changed + self.removed


class Event(NamedTuple):
    """What Stripe told, and what became of it here."""

    id: int
    at: datetime
    created_at: datetime
    type: str
    state: str
    result: str | None
    error: str | None
    sequence: int | None
    number: str | None


class Alert(NamedTuple):
    """A threshold of the budget that was reached, or will be, and who was mailed."""

    id: int
    at: datetime
    kind: str
    percent: int
    budget_cents: int
    cents: int
    currency: str
    crosses_at: datetime | None
    mailed: list[str]
    unsent: list[str]


class Unusual(NamedTuple):
    """A product whose days cost far more than they are used to, and who was mailed."""

    id: int
    at: datetime
    product: str
    cents: int
    habit_cents: int
    currency: str
    service_label: str | None
    mailed: list[str]
    unsent: list[str]


class Note(NamedTuple):
    """What support wrote down."""

    id: int
    at: datetime
    text: str
    author: str
    is_pinned: bool


class Counted(NamedTuple):
    """What usage of an hour did to a line of a bill."""

    name: str
    unit_label: str
    quantity: Decimal
    cents: int
    currency: str
