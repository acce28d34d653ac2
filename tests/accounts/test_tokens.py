"""API tokens."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.tokens import actor_of, create_token, revoke_token, verify
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.errors import Invalid


def test_the_secret_is_not_kept(db: SQLAlchemy) -> None:
    token, secret = create_token("metering", ["usage:write"], actor=SYSTEM, now=utc_now())
    assert secret.startswith(token.prefix)
    assert secret not in str(vars(token))


def test_only_the_whole_secret_opens(db: SQLAlchemy) -> None:
    token, secret = create_token("metering", ["usage:write"], actor=SYSTEM, now=utc_now())
    assert verify(secret, now=utc_now()) is token
    for wrong in ("", secret[:-1], secret.upper(), token.prefix):
        assert verify(wrong, now=utc_now()) is None


def test_a_revoked_token_opens_nothing_and_stays_revoked(db: SQLAlchemy) -> None:
    now = utc_now()
    token, secret = create_token("metering", ["usage:write"], actor=SYSTEM, now=now)
    revoke_token(token, actor=SYSTEM, now=now)
    revoke_token(token, actor=SYSTEM, now=now + timedelta(hours=1))
    assert token.revoked_at == now
    assert verify(secret, now=now) is None


def test_its_use_is_noted_every_few_minutes_not_every_time(db: SQLAlchemy) -> None:
    now = utc_now()
    token, secret = create_token("metering", ["usage:write"], actor=SYSTEM, now=now)
    for minutes in (0, 1, 4, 6):
        verify(secret, now=now + timedelta(minutes=minutes))
    assert token.last_used_at == now + timedelta(minutes=6)


@pytest.mark.parametrize("scopes", [[], ["usage:write", "everything"]])
def test_a_token_names_known_scopes(db: SQLAlchemy, scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="not created"):
        create_token("metering", scopes, actor=SYSTEM, now=utc_now())


def test_a_token_acts_under_its_own_name(db: SQLAlchemy) -> None:
    token, _ = create_token("metering", ["usage:write"], actor=SYSTEM, now=utc_now())
    assert (actor_of(token).kind, actor_of(token).label) == ("token", "metering")
