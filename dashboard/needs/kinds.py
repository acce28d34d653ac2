"""The kinds of things that need a person, each in one entry: a later kind adds its own here.

A kind that the ledger knows has the query that finds it; one that only others can see (the clock's
entries, Stripe's budget) is told of with each look. What settles it is named by the acts on record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from dashboard.needs import found, found_apart, words
from dashboard.needs.found import Rows
from dashboard.needs.found_addresses import refused_addresses
from dashboard.needs.found_money import failed_refunds, lost_disputes
from dashboard.needs.found_tax import untaxable

Tone = Literal["bad", "notice"]
# The filters of the list, in their order, and what people call them.
GROUPS = {
    "payments": "Payments",
    "differs": "Stripe differs",
    "failing": "Failing",
    "void": "Void",
    "unusual": "Unusual",
    "approval": "Approval",
    "sums": "Does not add up",
    "late": "Late",
}


Place = Literal[
    "invoice",
    "at_stripe",
    "difference",
    "syncs",
    "event",
    "budget",
    "jobs",
    "calls",
    "proposal",
    "invariants",
    "gaps",
    "restores",
    "mails",
    "tax",
    "endpoint",
    "issue",
]


class Step(NamedTuple):
    """What the next step is called, and the page on which it is done."""

    action: str
    place: Place


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is found, said and shown; `step` is what settles it.

    Where the facts name a code, `by_code` may know a step that fits it better.
    `acts` are what a person does to settle it, as the audit trail calls them: on the organization,
    or on the subject itself where the kind `is_of_row`.
    """

    name: str
    word: str
    group: str
    tone: Tone
    icon: str
    step: Step
    sentence: Callable[[words.Facts], str]
    find: Callable[[datetime], Rows] | None = None
    acts: tuple[str, ...] = ()
    is_of_row: bool = False
    by_code: Mapping[str, Step] = field(default_factory=dict)

    def step_of(self, facts: words.Facts) -> Step:
        """Return the step that fits one of them."""
        return self.by_code.get(str(facts.get("code")), self.step)


_SYNC = (
    "invoice.sync_requested", "invoice.schedule_restored", "foreign_line.decided",
    "adjustment.added", "adjustment.reversed", "organization.changed", "customer.sent_ours",
    "invoice.difference_carried", "invoice.difference_credited", "invoice.difference_left",
    "invoice.approved", "invoice.issue_released",
)  # fmt: skip

_SEE_INVOICE, _SEE_SYNCS = Step("See invoice", "invoice"), Step("See syncs", "syncs")
_DECIDE = Step("Decide", "invoice")
_CORRECT = Step("Correct", "difference")
_SEE_CHECK = Step("See check", "invariants")
_KINDS = (
    Kind("on_hold", "On hold", "differs", "bad", "pause", _SEE_INVOICE,
         words.on_hold, found.on_hold, acts=_SYNC, by_code={
             "foreign_lines": _DECIDE, "total_differs": Step("Compare", "at_stripe"),
             "stuck": _SEE_SYNCS, "does_not_add_up": _SEE_CHECK,
             "billed_differently": _CORRECT, "revised_differently": _CORRECT,
             "lost_at_stripe": Step("See gaps", "gaps"),
             "approval_wanted": Step("Approve", "issue"),
             "held_by_person": Step("See hold", "issue"),
             "no_tax_location": Step("See tax", "tax"), "tax_differs": Step("See tax", "tax"),
         }),
    Kind("past_due", "Past due", "payments", "bad", "clock", _SEE_INVOICE,
         words.past_due, found.past_due),
    Kind("declined", "Declined", "payments", "bad", "card-off", _SEE_INVOICE,
         words.declined, found.declined),
    Kind("disputed", "Disputed", "payments", "bad", "alert", _SEE_INVOICE,
         words.disputed, found.disputed),
    Kind("failing", "Failing", "failing", "bad", "alert", _SEE_SYNCS,
         words.failing, found.failing, acts=_SYNC),
    Kind("differs", "Differs", "differs", "bad", "differs", _DECIDE,
         words.differing, found.differing, acts=("foreign_line.decided",)),
    Kind("left", "Line left", "differs", "notice", "differs", _DECIDE,
         words.left, found.left, acts=("foreign_line.decided",)),
    Kind("untaxable", "No tax", "failing", "bad", "alert", Step("See tax", "tax"),
         words.untaxable, untaxable, acts=_SYNC),
    Kind("void", "Void", "void", "bad", "cross", _DECIDE, words.void, found.void,
         acts=("invoice.void_billed", "invoice.void_written_off")),
    Kind("credit_note", "Credit note", "failing", "bad", "card", _SEE_INVOICE,
         words.credit_note, found.credit_notes, acts=("credit_note.planned",)),
    Kind("reissue", "Reissue", "failing", "bad", "roll", _SEE_INVOICE,
         words.reissue, found.reissues, acts=("reissue.planned", "credit_note.planned")),
    Kind("refund", "Refund", "failing", "bad", "card", _SEE_INVOICE,
         words.refund, found.refunds, acts=("refund.planned",)),
    Kind("refund_failed", "Refund failed", "payments", "bad", "card-off",
         _SEE_INVOICE, words.failed_refund, failed_refunds,
         acts=("refund.planned", "refund.settled")),
    Kind("charged_back", "Returned by the bank", "payments", "bad", "card-off", _SEE_INVOICE,
         words.lost_dispute, lost_disputes, acts=("dispute.settled", "adjustment.added")),
    Kind("sums", "Does not add up", "sums", "bad", "differs", _SEE_CHECK,
         words.sums, found_apart.sums),
    Kind("gap", "Gap", "differs", "bad", "differs", Step("See gaps", "gaps"),
         words.gap, found_apart.gaps, acts=("gap.repair_asked",), is_of_row=True),
    Kind("restored", "Ledger held", "failing", "bad", "alert", Step("See restore", "restores"),
         words.restored, found_apart.restored, acts=("ledger.released",), is_of_row=True),
    Kind("dead", "Dead event", "failing", "bad", "cross", Step("Replay", "event"),
         words.dead, found.dead, acts=("event.replayed",), is_of_row=True),
    Kind("unusual", "Unusual", "unusual", "notice", "gauge", Step("See alerts", "budget"),
         words.unusual, found.unusual),
    Kind("approval", "Approval", "approval", "notice", "people", Step("Decide", "proposal"),
         words.approval, found.approvals, acts=("proposal.approved", "proposal.refused",
         "proposal.withdrawn"), is_of_row=True),
    Kind("refused_address", "E-mail refused", "failing", "notice", "alert",
         Step("See e-mails", "mails"), words.refused_address, refused_addresses,
         acts=("organization.changed", "mail.address_accepted")),
    Kind("endpoint_off", "Endpoint off", "failing", "bad", "outside",
         Step("See endpoint", "endpoint"), words.endpoint_off, found_apart.endpoints_off,
         acts=("event_endpoint.resumed", "event_endpoint.removed"), is_of_row=True),
    Kind("late", "Late", "late", "notice", "clock", Step("See jobs", "jobs"), words.late),
    Kind("calls", "API budget", "late", "notice", "gauge", Step("See calls", "calls"), words.late),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _KINDS}


def kinds_of(group: str) -> tuple[str, ...]:
    """Return the names of the kinds in a group."""
    return tuple(kind.name for kind in _KINDS if kind.group == group)
