"""What somebody proposes to do with money, and what a second person said to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.audit.actor import Actor
from dashboard.extensions import Model

STATES = ("waits", "approved", "refused", "withdrawn", "expired")


def noun_of(kind: str, decision: str | None, cents: int) -> str:
    """Return what people call such a move of money."""
    if kind == "reversal":
        return "reversal"
    if kind == "credit_note":
        return "credit note"
    if kind in ("reissue", "refund"):
        return kind
    if kind == "difference":
        return "correction of a bill"
    if kind == "note_void":
        return "void of a credit note"
    if decision == "write_off":
        return "write-off"
    return "credit" if cents < 0 else "charge"


class Proposal(Model):
    """A move of money that takes effect when a second person approves it, until `ends_at`.

    `subject` is what it is about: of each only one waits. `terms` is what its kind carries out,
    `basis` what the consequence that the proposer saw was computed on.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        Index(
            "uq_proposals_one_waits", "organization_id", "kind", "subject", unique=True,
            postgresql_where=text("state = 'waits'"),
        ),
        Index("ix_proposals_organization_id_id", "organization_id", "id"),
        Index("ix_proposals_waiting", "ends_at", postgresql_where=text("state = 'waits'")),
        Index("ix_proposals_decided_at", "decided_at"),
        CheckConstraint(
            "kind in ('adjustment', 'adopt', 'void', 'reversal', 'credit_note', 'note_void',"
            " 'reissue', 'refund', 'difference')",
            name="kind",
        ),
        CheckConstraint(
            "state in ('waits', 'approved', 'refused', 'withdrawn', 'expired')", name="state"
        ),
        CheckConstraint("(state = 'waits') = (decided_at is null)", name="decided"),
        # The second person is another one; withdrawn by who proposed it, expired by nobody.
        CheckConstraint(
            "state not in ('approved', 'refused') or decided_by_id <> proposed_by_id",
            name="four_eyes",
        ),
        CheckConstraint("state <> 'refused' or answer is not null", name="answer"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(120))
    amount_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    basis: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="waits")
    proposed_at: Mapped[datetime]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_by: Mapped[str] = mapped_column(String(200))
    ends_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    # Why it was refused; of one that expired before its time, why nothing was left to approve.
    answer: Mapped[str | None] = mapped_column(Text)

    @property
    def proposer(self) -> Actor:
        """Who proposed it, as the author of what it does."""
        return Actor("user", self.proposed_by_id, self.proposed_by)

    def waits(self, now: datetime) -> bool:
        """Whether somebody may still decide on it."""
        return self.state == "waits" and now < self.ends_at

    def state_at(self, now: datetime) -> str:
        """Return its state; one that nobody decided on in time has expired, noted or not.

        One whose matter was settled in another way is "moot".
        """
        if self.state == "expired" and self.answer:
            return "moot"
        return "expired" if self.state == "waits" and not self.waits(now) else self.state
