"""Who signs in, and the token of the sub-systems: the only rows the demo writes by itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.accounts.models import ApiToken, Membership, User
from dashboard.accounts.passwords import hash_password, password_matches
from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token, revoke_token, verify
from dashboard.audit.actor import Actor
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from demo.settings import DemoSettings, write_private
from demo.users import USERS, email_of

DEMO = Actor("system", None, "Demo data")
TOKEN_NAME = "Demo sub-systems"  # noqa: S105  its name, not the token


def seed_users(password: str, *, now: datetime) -> None:
    """Make the users, or let those that are there sign in with `password`."""
    emails = [email_of(one.label) for one in USERS]
    there = {
        user.email: user for user in db.session.scalars(select(User).where(User.email.in_(emails)))
    }
    # A hash is slow on purpose, and theirs is one password: they share one.
    kept = {user.password_hash for user in there.values()}
    shared = next((one for one in kept if password_matches(one, password)), None)
    shared = shared or hash_password(password)
    for one, email in zip(USERS, emails, strict=True):
        user = there.get(email)
        if user is None:
            user = User(email=email, name=one.name, role=one.role, created_at=now)
            db.session.add(user)
        user.password_hash = shared


def seed_memberships(slugs: Collection[str], *, now: datetime) -> None:
    """Make the demo's customers members of the organizations with these slugs."""
    ids = db.session.scalars(select(Organization.id).where(Organization.slug.in_(slugs))).all()
    for one in USERS:
        if one.member is None:
            continue
        user_id = db.session.scalar(select(User.id).where(User.email == email_of(one.label)))
        own = {"user_id": user_id, "role": one.member, "created_at": now}
        rows = [own | {"organization_id": organization_id} for organization_id in ids]
        if rows:
            db.session.execute(insert(Membership).values(rows).on_conflict_do_nothing())


def seed_token(settings: DemoSettings, *, now: datetime) -> str:
    """Return the sub-systems' raw token: the kept one while it opens everything, else a new one."""
    path = settings.token_file
    kept = path.read_text() if path.exists() else ""
    known = verify(kept, now=now) if kept else None
    # One of an earlier release may not open what there is by now.
    if known is not None and set(SCOPES) <= set(known.scopes):
        return kept
    lost = select(ApiToken).where(ApiToken.name == TOKEN_NAME, ApiToken.revoked_at.is_(None))
    for token in db.session.scalars(lost):
        revoke_token(token, actor=DEMO, now=now)
    _, secret = create_token(TOKEN_NAME, SCOPES, actor=DEMO, now=now)
    write_private(path, secret)
    return secret
