"""A mail that is to be sent, or was, and who wants which; what is in it is made when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model
from dashboard.mail.kinds import BILL_KINDS

KINDS = ("invitation", "reset", "budget", "unusual", "proposal", *BILL_KINDS)
_OF_BILLS = ", ".join(f"'{name}'" for name in BILL_KINDS)


class Mail(Model):
    """A link on its way to somebody, of an invitation or to set a new password; or an alert.

    Or what became of a proposal, to who made it; or an organization's bill and what becomes of it.

    The row holds no secret. That of the link is signed when the mail is written.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(
            f"kind in ('invitation', 'reset', 'budget', 'unusual', 'proposal', {_OF_BILLS})",
            name="kind",
        ),
        CheckConstraint(
            f"(kind in ({_OF_BILLS})) = (occasion is not null)"
            " and (occasion is null) = (organization_id is null)",
            name="of_a_bill",
        ),
        CheckConstraint(
            "(kind = 'invitation') = (invitation_id is not null)", name="of_an_invitation"
        ),
        CheckConstraint(
            "(kind = 'budget') = (budget_alert_id is not null)", name="of_an_alert"
        ),
        CheckConstraint(
            "(kind = 'unusual') = (unusual_usage_id is not null)", name="of_unusual_usage"
        ),
        CheckConstraint("(kind = 'proposal') = (proposal_id is not null)", name="of_a_proposal"),
        CheckConstraint("sent_at is null or given_up_at is null", name="one_end"),
        # Each of them goes once to each address.
        Index(
            "uq_mails_budget_alert_id", "budget_alert_id", "address", unique=True,
            postgresql_where=text("budget_alert_id is not null"),
        ),
        Index(
            "uq_mails_unusual_usage_id", "unusual_usage_id", "address", unique=True,
            postgresql_where=text("unusual_usage_id is not null"),
        ),
        Index(
            "uq_mails_proposal_id", "proposal_id", unique=True,
            postgresql_where=text("proposal_id is not null"),
        ),
        Index(
            "uq_mails_occasion", "occasion", "address", unique=True,
            postgresql_where=text("occasion is not null"),
        ),
        Index(
            "ix_mails_organization_id", "organization_id", "id",
            postgresql_where=text("organization_id is not null"),
        ),
        # Deleting one looks for those that were sent for it again.
        Index(
            "ix_mails_sent_again_id", "sent_again_id",
            postgresql_where=text("sent_again_id is not null"),
        ),
        Index(
            "ix_mails_waited_for", "next_attempt_at",
            postgresql_where=text(
                "sent_at is null and given_up_at is null and occasion is null"
            ),
        ),
        Index(
            "ix_mails_waiting", "next_attempt_at",
            postgresql_where=text("sent_at is null and given_up_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    # As it was typed in, so it need not be anybody's: that is looked up when it is sent.
    address: Mapped[str] = mapped_column(String(254), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    budget_alert_id: Mapped[int | None] = mapped_column(ForeignKey("budget_alerts.id"))
    unusual_usage_id: Mapped[int | None] = mapped_column(ForeignKey("unusual_usage.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposals.id"))
    # Of a bill: what it is about, once for each address, and where that is found.
    occasion: Mapped[str | None] = mapped_column(String(120))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))
    # The one that somebody had sent again.
    sent_again_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id", ondelete="set null"))
    # What it said, kept once it is sent.
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # The admin with whose access the link ends; nobody for one that was asked for by oneself.
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    # Nobody needs it any more from then on.
    ends_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    problem: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    @property
    def state(self) -> str:
        """`sent`, `given_up`, `waits` for its first attempt, or `delayed` after one."""
        if self.sent_at:
            return "sent"
        if self.given_up_at:
            return "given_up"
        return "delayed" if self.attempts else "waits"


class MailChoice(Model):
    """Whether an address wants mails of a kind about an organization; else the kind says."""

    __tablename__ = "mail_choices"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    is_wanted: Mapped[bool]
    chosen_at: Mapped[datetime]


class RefusedAddress(Model):
    """An address that no mail about a bill is sent to: a server refused it for good.

    `told_by`: `server` in its answer to us, `report` in what came back to the sender later.
    """

    __tablename__ = "refused_addresses"
    __table_args__ = (CheckConstraint("told_by in ('server', 'report')", name="told_by"),)

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    told_by: Mapped[str] = mapped_column(String(10))
    noted_at: Mapped[datetime]
