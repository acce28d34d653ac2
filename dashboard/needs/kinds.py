"""The kinds of things that need a person, each in one entry: a later kind adds its own here.

A kind that the ledger knows has the query that finds it; one that only others can see (the clock's
entries, Stripe's budget) is told of with each look. What settles it is named by the acts on record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.needs import found, words
from dashboard.needs.found import Rows

Tone = Literal["bad", "notice"]
# The filters of the list, in their order, and what people call them.
GROUPS = {
    "payments": "Payments",
    "differs": "Stripe differs",
    "failing": "Failing",
    "void": "Void",
    "unusual": "Unusual",
    "approval": "Approval",
    "late": "Late",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is found, said and shown; `place` names the page on which it is settled.

    `acts` are what a person does to settle it, as the audit trail calls them: on the organization,
    or on the subject itself where the kind `is_of_row`.
    """

    name: str
    word: str
    group: str
    tone: Tone
    icon: str
    action: str
    place: Literal["invoice", "syncs", "event", "budget", "fleet", "proposal"]
    sentence: Callable[[words.Facts], str]
    find: Callable[[datetime], Rows] | None = None
    acts: tuple[str, ...] = ()
    is_of_row: bool = False


_SYNC = (
    "invoice.sync_requested", "invoice.schedule_restored", "foreign_line.decided",
    "adjustment.added", "adjustment.reversed", "organization.changed", "customer.sent_ours",
)  # fmt: skip

_KINDS = (
    Kind("on_hold", "On hold", "differs", "bad", "pause", "Compare", "invoice",
         words.on_hold, found.on_hold, acts=_SYNC),
    Kind("past_due", "Past due", "payments", "bad", "clock", "See invoice", "invoice",
         words.past_due, found.past_due),
    Kind("declined", "Declined", "payments", "bad", "card-off", "See invoice", "invoice",
         words.declined, found.declined),
    Kind("failing", "Failing", "failing", "bad", "alert", "See syncs", "syncs",
         words.failing, found.failing, acts=_SYNC),
    Kind("differs", "Differs", "differs", "bad", "differs", "Decide", "invoice",
         words.differing, found.differing, acts=("foreign_line.decided",)),
    Kind("left", "Line left", "differs", "notice", "differs", "Decide", "invoice",
         words.left, found.left, acts=("foreign_line.decided",)),
    Kind("void", "Void", "void", "bad", "cross", "Decide", "invoice", words.void, found.void,
         acts=("invoice.void_billed", "invoice.void_written_off")),
    Kind("dead", "Dead event", "failing", "bad", "cross", "Replay", "event", words.dead, found.dead,
         acts=("event.replayed",), is_of_row=True),
    Kind("unusual", "Unusual", "unusual", "notice", "gauge", "See usage", "budget",
         words.unusual, found.unusual),
    Kind("approval", "Approval", "approval", "notice", "people", "Decide", "proposal",
         words.approval, found.approvals, acts=("proposal.approved", "proposal.refused",
         "proposal.withdrawn"), is_of_row=True),
    Kind("late", "Late", "late", "notice", "clock", "Look", "fleet", words.late),
    Kind("calls", "API budget", "late", "notice", "gauge", "Look", "fleet", words.late),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _KINDS}


def kinds_of(group: str) -> tuple[str, ...]:
    """Return the names of the kinds in a group."""
    return tuple(kind.name for kind in _KINDS if kind.group == group)
