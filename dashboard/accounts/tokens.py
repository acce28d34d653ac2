"""API tokens: shown once when made, kept only as a hash."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from dashboard.accounts.makers import hold_maker
from dashboard.accounts.models import ApiToken
from dashboard.accounts.permissions import ADMIN_SCOPES, SCOPES
from dashboard.accounts.secret_hash import hash_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Invalid, NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.paging import MOST_COUNTED, NEWEST_FIRST, Asked, Counted, Stretch

MARK = "bd_"
PREFIX_LENGTH = 10
# `last_used_at` is for people: a write per request would only make rows hot.
USE_IS_NOTED_EVERY = timedelta(minutes=5)
SOON = timedelta(days=14)
SIZE = 50


def create_token(
    name: str,
    scopes: Collection[str],
    *,
    actor: Actor,
    now: datetime,
    organization_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which is not kept; raise `Invalid` for an unknown scope.

    Without an organization the token may act for all of them, without an end until it is revoked.
    Raises `Conflict` for a maker whose access has ended meanwhile.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        wrong = ", ".join(unknown) or "none given"
        raise Invalid(f"These scopes are wrong: {wrong}. The token was not created.")
    hold_maker(actor, as_admin=not ADMIN_SCOPES.isdisjoint(scopes))
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        token_hash=hash_of(secret),
        scopes=sorted(scopes),
        organization_id=organization_id,
        created_by_id=actor.id if actor.kind == "user" else None,
        created_at=now,
        expires_at=expires_at,
    )
    db.session.add(token)
    write_entry("token.created", token, actor, _facts(token), now=now)
    return token, secret


def verify(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the live token with this secret, its use noted every few minutes; None otherwise."""
    token = _with_hash(hash_of(secret))
    if token is None or token.has_ended(now):
        return None
    if token.last_used_at is None or now - token.last_used_at > USE_IS_NOTED_EVERY:
        token.last_used_at = now
    return token


def why_ended(secret: str) -> str | None:
    """Return what to tell who sends a token that has ended; None where there never was one."""
    token = _with_hash(hash_of(secret))
    if token is None:
        return None
    how = "was revoked" if token.revoked_at else "has ended"
    return f"The token {token.name} {how}. Nothing was done. Ask an admin for a new token."


def _with_hash(token_hash: str) -> ApiToken | None:
    return db.session.scalar(select(ApiToken).where(ApiToken.token_hash == token_hash))


def _facts(token: ApiToken) -> dict[str, object]:
    """Return what is put on record of a new token."""
    ends = token.expires_at
    return {
        "name": token.name,
        "scopes": token.scopes,
        "organization_id": token.organization_id,
        "ends": None if ends is None else ends.isoformat(),
    }


def revoke_token(token: ApiToken, *, actor: Actor, now: datetime) -> None:
    """End the token for good; revoking it again changes nothing."""
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    write_entry("token.revoked", token, actor, {"name": token.name}, now=now)


def live_tokens_of(user_id: int, *, organization_id: int | None = None) -> Sequence[ApiToken]:
    """Return the tokens that a person made and that go on: all, or those for one organization."""
    query = select(ApiToken).where(ApiToken.created_by_id == user_id, ApiToken.revoked_at.is_(None))
    if organization_id is not None:
        query = query.where(ApiToken.organization_id == organization_id)
    return db.session.scalars(query.order_by(ApiToken.id)).all()


def list_tokens(
    asked: Asked = NEWEST_FIRST, *, now: datetime, only_live: bool = False
) -> Stretch[ApiToken]:
    """Return some of the tokens with their owners, those that ended too or not."""
    query = select(ApiToken).options(joinedload(ApiToken.owner))
    if only_live:
        query = query.where(*_live(now))
    return read_log(query, ApiToken.id, asked, size=SIZE)


def count_live(*, now: datetime) -> Counted:
    """Return how many tokens work."""
    some = select(ApiToken.id).where(*_live(now)).limit(MOST_COUNTED + 1).subquery()
    return Counted.of(db.session.scalar(select(func.count()).select_from(some)) or 0)


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    goes_on = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    return (ApiToken.revoked_at.is_(None), goes_on)


def state_of(token: ApiToken, *, now: datetime) -> str:
    """Return `revoked`, `ended`, `ending` within two weeks, or `live`."""
    if token.revoked_at is not None:
        return "revoked"
    if token.has_ended(now):
        return "ended"
    is_near = token.expires_at is not None and token.expires_at - now < SOON
    return "ending" if is_near else "live"


def token_by_id(token_id: int) -> ApiToken:
    """Return one token; raise `NotFound`."""
    found = db.session.get(ApiToken, token_id)
    if found is None:
        raise NotFound(f"There is no API token {token_id}.")
    return found


def actor_of(token: ApiToken) -> Actor:
    """Return `token` as the author of a change."""
    return Actor("token", token.id, token.name)
