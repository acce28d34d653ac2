"""What was decided about a line added at Stripe, also once a sync has carried it out."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, cast, select

from dashboard.audit.models import AuditEntry
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine

# What became of the line, while it is on the draft as an added one and after.
NOW = {
    "take_ours": "The next sync removes the line at Stripe.",
    "adopt": "The line is an adjustment on the invoice.",
    "leave": "The line stays at Stripe, and the invoice is on hold while it stays.",
}
SINCE = NOW | {
    "take_ours": "The line is no longer on Stripe's draft.",
    "leave": "The line was left at Stripe, and is no longer on Stripe's draft.",
}


class Decided(NamedTuple):
    """A decision: of whom, when, on which line; `is_carried_out` once the line is no added one."""

    decision: str
    by: str
    at: datetime
    reason: str | None
    description: str
    amount_cents: int
    invoice_id: int
    is_carried_out: bool

    @property
    def outcome(self) -> str:
        """What has become of the line, in a sentence."""
        return (SINCE if self.is_carried_out else NOW)[self.decision]

    @property
    def sentence(self) -> str:
        """Who decided when, and what has become of it."""
        return f"{self.by} decided on this line on {self.at:%-d %b, %H:%M} UTC. {self.outcome}"


def decided_on(organization: Organization, line_id: int) -> Decided | None:
    """Return the last decision on a line of the organization; None where nothing was decided.

    The line itself goes with the sync that carries the decision out, so it is read from the audit
    trail; what was decided before entries named the line is not found.
    """
    of = AuditEntry.organization_id == organization.id
    is_of_line = cast(AuditEntry.facts["line_id"].astext, BigInteger) == line_id
    query = select(AuditEntry).where(of, AuditEntry.action == "foreign_line.decided", is_of_line)
    entry = db.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))
    if entry is None or entry.subject_id is None:
        return None
    facts = entry.facts
    there = db.session.scalar(select(AddedLine.id).where(AddedLine.id == line_id))
    return Decided(
        facts["decision"],
        entry.actor_label,
        entry.at,
        entry.reason,
        facts["description"],
        facts["amount_cents"],
        entry.subject_id,
        is_carried_out=there is None,
    )
