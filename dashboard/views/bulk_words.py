"""What bulk actions are called, and what each does in a sentence."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.bulk.verb import Verb
from dashboard.bulk.verbs import verbs_for, verbs_of
from dashboard.views.access import can
from dashboard.views.formatting import quantity


class Words(NamedTuple):
    """A verb's button, what it reaches, and what becomes of each."""

    button: str
    one: str
    several: str
    sentence: str

    def of(self, number: int) -> str:
        """Return the verb with so many of what it reaches: Sync 12 current invoices."""
        return f"{self.button} {self.many(number)}"

    def many(self, number: int) -> str:
        """Return so many of what it reaches."""
        return f"{quantity(number)} {self.one if number == 1 else self.several}"


WORDS = {
    "sync": Words(
        "Sync", "current invoice", "current invoices",
        "Changes since the last sync go to Stripe. An invoice on hold stays on hold and counts as "
        "failed.",
    ),
    "verify": Words(
        "Verify", "current invoice", "current invoices",
        "Every line at Stripe is compared with the ledger, and what differs is repaired. An "
        "invoice on hold stays on hold and counts as failed.",
    ),
    "release": Words(
        "Release", "invoice on hold", "invoices on hold",
        "Each is synced and continues where it was held: a closed one is issued, and its customer "
        "is charged. If the cause remains, the invoice is put on hold again.",
    ),
    "reread": Words(
        "Read again", "invoice on hold", "invoices on hold",
        "Every line of Stripe's draft is read and compared, and what differs is repaired. What "
        "equals the ledger continues where it was held; what does not is put on hold again.",
    ),
    "approve": Words(
        "Approve", "bill above the limit", "bills above the limit",
        "Each is approved at the total it has now, and issued. One that was put on hold again "
        "since you confirmed, or on which you charged or credited with four eyes, counts as "
        "failed.",
    ),
    "let_go": Words(
        "Release", "bill that a person holds", "bills that a person holds",
        "Each is issued like any other from then on.",
    ),
    "carry": Words(
        "Carry over", "bill that Stripe made differently", "bills that Stripe made differently",
        "The difference of each is credited or charged on its organization's current invoice. One "
        "above the limit of one person counts as failed: correct it on its page.",
    ),
    "replay": Words(
        "Replay", "failed event", "failed events",
        "Each is processed again, in the order they arrived. Nothing that an event did before is "
        "done twice. An event that fails again counts as failed.",
    ),
}  # fmt: skip


def offered(of: str) -> list[tuple[str, str]]:
    """Return what the reader may do to many rows of a list: each verb's name and its button."""
    return [(verb.name, WORDS[verb.name].button) for verb in verbs_of(of) if may(verb)]


def repairs_of(code: str) -> list[tuple[str, str]]:
    """Return what the reader may do to all bills on hold for a reason: verbs and buttons."""
    return [(verb.name, WORDS[verb.name].button) for verb in verbs_for(code) if may(verb)]


def may(verb: Verb) -> bool:
    """Whether the reader may do this to many rows."""
    return can("bulk.run") and can(verb.permission)
