"""What a gap is: a kind, what it is about, and one sentence that says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

# What is looked through at Stripe, in turns.
Round = Literal["events", "drafts", "open", "customers"]
ROUNDS: tuple[Round, ...] = ("events", "drafts", "open", "customers")
# What an invoice here is while one of these lists has it.
STATUSES = {"drafts": ("draft", "closing", "sealed"), "open": ("open",)}
# So long Stripe keeps events, and then nobody can fetch one.
KEPT_AT_STRIPE = timedelta(days=30)
# How a gap is closed. `fetch` and `follow` and `sync` are done here; what nobody here may decide
# is done in Stripe's dashboard.
Repair = Literal["fetch", "follow", "sync", "at_stripe"]


class Kind(NamedTuple):
    """How gaps of a kind are called and closed, and what the button says."""

    word: str
    repair: Repair
    action: str


KINDS: dict[str, Kind] = {
    "event": Kind("Event missing", "fetch", "Fetch event"),
    "unknown_invoice": Kind("Unknown invoice", "at_stripe", "Open at Stripe"),
    "second_invoice": Kind("Second invoice", "at_stripe", "Open at Stripe"),
    "moved_invoice": Kind("Other state", "follow", "Read again"),
    "lost_invoice": Kind("Not at Stripe", "sync", "Verify"),
    "unknown_customer": Kind("Unknown customer", "at_stripe", "Open at Stripe"),
    "second_customer": Kind("Second customer", "at_stripe", "Open at Stripe"),
    "lost_customer": Kind("Not at Stripe", "sync", "Verify"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that only one of the two sides knows."""

    kind: str
    stripe_id: str
    told: str
    organization_id: int | None = None
    sequence: int | None = None
