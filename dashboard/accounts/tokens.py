"""API tokens: shown once when made, kept only as a hash."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.accounts.models import ApiToken
from dashboard.accounts.permissions import SCOPES
from dashboard.audit.actor import Actor
from dashboard.audit.record import record
from dashboard.errors import Invalid, NotFound
from dashboard.extensions import db

MARK = "bd_"
PREFIX_LENGTH = 10
# `last_used_at` is for people: a write per request would only make rows hot.
USE_IS_NOTED_EVERY = timedelta(minutes=5)


def create_token(
    name: str,
    scopes: Collection[str],
    *,
    actor: Actor,
    now: datetime,
    organization_id: int | None = None,
) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which is not kept; raise `Invalid` for an unknown scope.

    Without an organization the token may act for all of them.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        wrong = ", ".join(unknown) or "none given"
        raise Invalid(f"The token was not made: scopes are wrong ({wrong}).")
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        token_hash=hash_of(secret),
        scopes=sorted(scopes),
        organization_id=organization_id,
        created_by_id=actor.id if actor.kind == "user" else None,
        created_at=now,
    )
    db.session.add(token)
    record("token.created", token, actor, {"name": name, "scopes": sorted(scopes)}, now=now)
    return token, secret


def verify(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the live token with this secret, its use noted every few minutes; None otherwise."""
    token = db.session.scalar(
        select(ApiToken).where(
            ApiToken.token_hash == hash_of(secret), ApiToken.revoked_at.is_(None)
        )
    )
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > USE_IS_NOTED_EVERY:
        token.last_used_at = now
    return token


def revoke_token(token: ApiToken, *, actor: Actor, now: datetime) -> None:
    """End the token for good; revoking it again changes nothing."""
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    record("token.revoked", token, actor, {"name": token.name}, now=now)


def list_tokens() -> Sequence[ApiToken]:
    """Return every token, live ones first, the newest of each first."""
    return db.session.scalars(
        select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    ).all()


def token_by_id(token_id: int) -> ApiToken:
    """Return one token; raise `NotFound`."""
    found = db.session.get(ApiToken, token_id)
    if found is None:
        raise NotFound(f"There is no API token {token_id}.")
    return found


def actor_of(token: ApiToken) -> Actor:
    """Return `token` as the author of a change."""
    return Actor("token", token.id, token.name)


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    # The secret is 256 random bits: a fast hash is enough, and the lookup is by equality of it.
    return hashlib.sha256(secret.encode()).hexdigest()
