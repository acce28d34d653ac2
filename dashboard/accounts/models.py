"""People and programs that may act: users, their memberships, API tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Model

ROLES = ("customer", "support", "admin")
# Of members: owners and billing members decide on the money of their organization, readers look;
# owners decide who is a member.
MEMBER_ROLES = ("owner", "billing", "reader")
PAYERS = frozenset({"owner", "billing"})


class User(Model):
    """Somebody who signs in; a customer sees the organizations they are a member of."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('customer', 'support', 'admin')", name="role"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        # People are listed in this order.
        Index("ix_users_name_id", "name", "id"),
        # The few among many customers that the list is narrowed to.
        Index("ix_users_staff", "name", "id", postgresql_where=text("role <> 'customer'")),
        Index("ix_users_deactivated", "name", "id", postgresql_where=text("is_active is false")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    # Raised to end every link for a new password, theirs and those that they made as an admin; the
    # column is named for what it was before.
    link_version: Mapped[int] = mapped_column("session_version", default=1)
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")


class Membership(Model):
    """A user may see an organization."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("user_id", "organization_id"),
        CheckConstraint("role in ('owner', 'billing', 'reader')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    role: Mapped[str] = mapped_column(String(16), default="owner", server_default="owner")
    created_at: Mapped[datetime]
    # Whether they are mailed what its bill reaches of its budget, and usage far from its habit.
    mails_budget: Mapped[bool] = mapped_column(default=True, server_default=true())
    mails_unusual: Mapped[bool] = mapped_column(default=True, server_default=true())

    user: Mapped[User] = relationship(back_populates="memberships")


class Invitation(Model):
    """Somebody may become a user, by a signed link that is not kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role in ('customer', 'support', 'admin')", name="role"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint(
            "(role = 'customer') = (organization_id is not null)", name="customers_belong"
        ),
        CheckConstraint("accepted_at is null or revoked_at is null", name="one_end"),
        # Several organizations may have invited an address, and each of them once.
        Index(
            "uq_invitations_open", "organization_id", "email", unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
        Index(
            "ix_invitations_open", "email",
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
        CheckConstraint("member_role in ('owner', 'billing', 'reader')", name="member_role"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    # The organization a customer will see, and as what; our own people see all of them.
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    member_role: Mapped[str] = mapped_column(String(16), default="owner", server_default="owner")
    # Of links that an earlier release made; newer ones are signed.
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    # Whose access it ends with; nobody's for one made by a command.
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def as_what(self) -> str:
        """The role that it gives: in its organization, or everywhere."""
        return self.role if self.organization_id is None else self.member_role


class ApiToken(Model):
    """A sub-system's key to the API, for one organization or all; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    # The owner, with whose access it ends; nobody for one made by a command.
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    # None only for what was made before tokens had an end, or by a command.
    expires_at: Mapped[datetime | None]
    # The one that this one was made in place of, which goes on for a while.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("api_tokens.id"))
    revoked_at: Mapped[datetime | None]

    owner: Mapped[User | None] = relationship()

    def has_ended(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        is_over = self.expires_at is not None and self.expires_at <= now
        return is_over or self.revoked_at is not None
