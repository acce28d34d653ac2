"""A secret is replaced without a gap: the old one goes on for a while, and no longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.models import ApiToken
from dashboard.accounts.people import change_role, deactivate
from dashboard.accounts.rotation import rotate_token
from dashboard.accounts.sign_in import actor_of
from dashboard.accounts.tokens import (
    create_token,
    list_tokens,
    revoke_token,
    state_of,
    verify,
    why_ended,
)
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.paging import older_than
from dashboard.transaction import transaction
from tests.factories import UserFactory

HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)


def test_a_token_ends_at_its_time(db: SQLAlchemy) -> None:
    now = utc_now()
    token, secret = create_token(
        "metering", ["usage:write"], actor=SYSTEM, now=now, expires_at=now + YEAR
    )
    assert verify(secret, now=now + YEAR - HOUR) is token
    assert verify(secret, now=now + YEAR) is None
    assert "has ended" in (why_ended(secret) or "")
    assert why_ended("bd_never") is None
    states = [state_of(token, now=now + after) for after in (0 * HOUR, YEAR - 300 * HOUR, YEAR)]
    assert states == ["live", "ending", "ended"]


def test_both_secrets_work_during_the_overlap_and_then_only_the_new_one(db: SQLAlchemy) -> None:
    now, ada = utc_now(), UserFactory(role="admin")
    db.session.flush()
    old, secret = create_token(
        "metering", ["usage:write"], actor=SYSTEM, now=now, expires_at=now + YEAR
    )
    new, other = rotate_token(
        old, overlap=24 * HOUR, expires_at=now + YEAR, actor=actor_of(ada), now=now
    )
    assert (new.name, new.scopes, new.created_by_id) == (old.name, old.scopes, ada.id)
    assert new.replaces_id == old.id
    assert verify(secret, now=now + 23 * HOUR) is old
    assert verify(secret, now=now + 24 * HOUR) is None
    assert verify(other, now=now + 24 * HOUR) is new
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["token.created", "token.created", "token.replaced"]


def test_an_overlap_never_lengthens_a_life(db: SQLAlchemy) -> None:
    now = utc_now()
    old, _ = create_token("m", ["usage:write"], actor=SYSTEM, now=now, expires_at=now + HOUR)
    rotate_token(old, overlap=24 * HOUR, expires_at=now + YEAR, actor=SYSTEM, now=now)
    assert old.expires_at == now + HOUR


def test_what_has_ended_or_was_replaced_is_not_replaced_again(db: SQLAlchemy) -> None:
    now = utc_now()
    once, _ = create_token("m", ["usage:write"], actor=SYSTEM, now=now)
    rotate_token(once, overlap=HOUR, expires_at=now + YEAR, actor=SYSTEM, now=now)
    with pytest.raises(Conflict, match="was already replaced"):
        rotate_token(once, overlap=HOUR, expires_at=now + YEAR, actor=SYSTEM, now=now)
    gone, _ = create_token("m", ["usage:write"], actor=SYSTEM, now=now)
    revoke_token(gone, actor=SYSTEM, now=now)
    db.session.flush()
    with pytest.raises(Conflict, match="has ended"):
        rotate_token(gone, overlap=HOUR, expires_at=now + YEAR, actor=SYSTEM, now=now)


def test_tokens_are_listed_newest_first_all_of_them_or_those_that_work(db: SQLAlchemy) -> None:
    now = utc_now()
    for name, ends in (("a", None), ("b", now), ("c", now + HOUR)):
        made, _ = create_token(name, ["usage:write"], actor=SYSTEM, now=now, expires_at=ends)
    revoked, _ = create_token("d", ["usage:write"], actor=SYSTEM, now=now)
    revoke_token(revoked, actor=SYSTEM, now=now)
    db.session.flush()
    assert [one.name for one in list_tokens(now=now).rows] == ["d", "c", "b", "a"]
    assert [one.name for one in list_tokens(now=now, only_live=True).rows] == ["c", "a"]
    assert [one.name for one in list_tokens(older_than(made.id), now=now).rows] == ["b", "a"]


def test_who_is_no_admin_any_more_loses_the_tokens_that_only_admins_answer_for(
    db: SQLAlchemy,
) -> None:
    now = utc_now()
    ada, bob = UserFactory(role="admin"), UserFactory(role="admin")
    db.session.flush()
    made = {
        scope: create_token("m", [scope], actor=actor_of(ada), now=now)[1]
        for scope in ("prices:write", "usage:write", "prices:read")
    }
    change_role(ada, "support", actor=actor_of(bob), now=now)
    live = {scope for scope, secret in made.items() if verify(secret, now=now)}
    assert live == {"usage:write", "prices:read"}
    deactivate(ada, actor=actor_of(bob), now=now)
    assert not [scope for scope, secret in made.items() if verify(secret, now=now)]


def test_of_two_who_rotate_a_token_at_once_one_is_refused(app: Flask, db: SQLAlchemy) -> None:
    now, both = utc_now(), Barrier(2)
    with transaction():
        token_id = create_token("metering", ["usage:write"], actor=SYSTEM, now=now)[0].id

    def rotate(_: int) -> str:
        with app.app_context():
            token = database.session.get_one(ApiToken, token_id)
            both.wait(10)
            try:
                with transaction():
                    rotate_token(token, overlap=HOUR, expires_at=now + YEAR, actor=SYSTEM, now=now)
            except Conflict:
                return "refused"
            return "made"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rotate, range(2))) == ["made", "refused"]
