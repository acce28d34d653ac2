"""The kinds of outgoing events: their names, as receivers read them, and what each is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event; one that is not `choosable` is sent to who asked for it alone."""

    name: str
    is_about: str
    choosable: bool = True


TEST = "endpoint.test"
_KINDS = (
    EventKind("invoice.opened", "A new invoice began."),
    EventKind("invoice.closing", "A cycle ended, and its invoice is closing."),
    EventKind("invoice.finalized", "An invoice is final: it was issued, or billed nothing."),
    EventKind("invoice.paid", "Nothing is left to pay on an invoice."),
    EventKind("invoice.past_due", "An invoice should have been paid by now."),
    EventKind("invoice.corrected", "A credit note, a refund, a dispute or a void."),
    EventKind("standing.changed", "The service standing of an organization is another."),
    EventKind("usage.refused", "A batch of usage was refused, and nothing of it was recorded."),
    EventKind("budget.crossed", "A cycle reached a threshold of its budget, or likely will."),
    EventKind(TEST, "A person asked for it; nothing happened.", choosable=False),
)
EVENT_KINDS: Mapping[str, EventKind] = {kind.name: kind for kind in _KINDS}
CHOOSABLE = tuple(kind.name for kind in _KINDS if kind.choosable)
