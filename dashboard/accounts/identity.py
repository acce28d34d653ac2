"""Who a session belongs to, read in one query per request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ColumnElement, String, column, func, select, table
from sqlalchemy.dialects.postgresql import ARRAY

from dashboard.accounts.models import Membership, User
from dashboard.accounts.permissions import STAFF, Permission
from dashboard.audit.actor import Actor
from dashboard.statement import Statement, parameter

# Named here rather than imported: organizations are built on accounts, not the other way round.
_organizations = table("organizations", column("id"), column("slug", String))


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user as the pages need them; `slugs` are the organizations they belong to."""

    id: int
    email: str
    name: str
    role: str
    session_version: int
    slugs: frozenset[str]

    # What Flask-Login asks.
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    def get_id(self) -> str:
        """Return the session's key: the user's id and the session version it was opened under."""
        return f"{self.id}.{self.session_version}"

    @classmethod
    def of(cls, row: Sequence[Any]) -> Identity:
        """Return the user of a row of the columns `IDENTITY`."""
        user_id, email, name, role, session_version, slugs = row
        return cls(user_id, email, name, role, session_version, frozenset(slugs))

    @property
    def is_staff(self) -> bool:
        """Whether this is one of us: support or admin."""
        return self.role in STAFF

    @property
    def actor(self) -> Actor:
        """This user as the author of a change."""
        return Actor("user", self.id, self.email)

    def holds(self, permission: Permission, slug: str | None = None) -> bool:
        """Whether this user may use `permission`, for organization `slug` where it is scoped."""
        if permission.is_public:
            return True
        if self.role not in permission.roles:
            return False
        return self.is_staff or not permission.is_scoped or slug in self.slugs


def identity_of(session_key: str) -> Identity | None:
    """Return the user of a session, None when it was revoked or the user is gone or inactive.

    One query, memberships included: revocation costs a poll nothing beyond knowing who asks.
    """
    key = key_of(session_key)
    row = _IDENTITY.row(**key) if key else None
    return Identity.of(row) if row else None


def key_of(session_key: str) -> dict[str, int] | None:
    """Return the parameters of `HOLDS`; None for what is no key of a session."""
    user_id, _, version = session_key.partition(".")
    if not (user_id.isdecimal() and version.isdecimal()):
        return None
    return {"user_id": int(user_id), "version": int(version)}


def _slugs() -> ColumnElement[Sequence[str]]:
    of_user = (
        select(_organizations.c.slug)
        .join(Membership, Membership.organization_id == _organizations.c.id)
        .where(Membership.user_id == User.id)
        .scalar_subquery()
    )
    return func.array(of_user, type_=ARRAY(String)).label("slugs")


# Also what other statements begin with, which ask for something on top.
IDENTITY = (User.id, User.email, User.name, User.role, User.session_version, _slugs())
HOLDS = (
    User.id == parameter("user_id", BigInteger),
    User.session_version == parameter("version", BigInteger),
    User.is_active,
)
_IDENTITY = Statement(select(*IDENTITY).where(*HOLDS))
