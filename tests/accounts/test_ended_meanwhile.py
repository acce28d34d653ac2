"""What somebody is making at the moment that ends their access ends with it, or is not made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.invitations import invite
from dashboard.accounts.models import ApiToken, Invitation
from dashboard.accounts.people import change_role, deactivate, person_by_id
from dashboard.accounts.rotation import rotate_token
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.factories import UserFactory

YEAR = timedelta(days=365)
# So long the one waits for the other where both cannot go on at once.
MOMENT = 1.0


def make_token(actor: Actor) -> None:
    """Make a token that writes prices, which only an admin's may."""
    create_token("m", ["prices:write"], actor=actor, now=utc_now(), expires_at=utc_now() + YEAR)


def rotate(actor: Actor) -> None:
    """Make one in place of a token of nobody's."""
    old = database.session.scalars(select(ApiToken).where(ApiToken.name == "old")).one()
    ends = utc_now() + YEAR
    rotate_token(old, overlap=timedelta(), expires_at=ends, actor=actor, now=utc_now())


def invite_oneself(actor: Actor) -> None:
    """Invite another address of one's own."""
    invite("second@self.com", "admin", actor=actor, now=utc_now())


def shut_out(user_id: int) -> None:
    """Deactivate them."""
    deactivate(person_by_id(user_id, lock=True), actor=SYSTEM, now=utc_now())


def lower(user_id: int) -> None:
    """Let them be an admin no more."""
    change_role(person_by_id(user_id, lock=True), "support", actor=SYSTEM, now=utc_now())


@pytest.fixture
def leaver(db: SQLAlchemy) -> Actor:
    """An admin, one of two, beside a token that writes prices."""
    with transaction():
        UserFactory(role="admin")
        user = UserFactory(role="admin")
        create_token("old", ["prices:write"], actor=SYSTEM, now=utc_now())
    return Actor("user", user.id, user.email)


def left_to(leaver: Actor) -> int:
    """Return how many tokens and invitations of theirs still open anything."""
    database.session.rollback()
    tokens = select(ApiToken).where(
        ApiToken.created_by_id == leaver.id, ApiToken.revoked_at.is_(None)
    )
    invitations = select(Invitation).where(
        Invitation.created_by_id == leaver.id, Invitation.revoked_at.is_(None)
    )
    return len([*database.session.scalars(tokens), *database.session.scalars(invitations)])


MAKE = pytest.mark.parametrize("make", [make_token, rotate, invite_oneself])
END = pytest.mark.parametrize("end", [shut_out, lower])


@MAKE
@END
def test_what_is_made_but_not_stored_yet_ends_with_its_maker(
    app: Flask, leaver: Actor, make: Callable[[Actor], None], end: Callable[[int], None]
) -> None:
    made, ended = Event(), Event()

    def making() -> None:
        with app.app_context(), transaction():
            make(leaver)
            database.session.flush()
            made.set()
            ended.wait(MOMENT)

    def ending() -> None:
        assert made.wait(10)
        with app.app_context(), transaction():
            end(leaver.id or 0)
        ended.set()

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(making), pool.submit(ending)]:
            one.result(20)
    assert left_to(leaver) == 0


@MAKE
@END
def test_nothing_is_made_by_whose_access_is_just_ending(
    app: Flask, leaver: Actor, make: Callable[[Actor], None], end: Callable[[int], None]
) -> None:
    ending, ended = Event(), Event()

    def making() -> None:
        assert ending.wait(10)
        with app.app_context(), transaction():
            make(leaver)

    def end_it() -> None:
        with app.app_context(), transaction():
            end(leaver.id or 0)
            database.session.flush()
            ending.set()
            ended.wait(MOMENT / 2)

    with ThreadPoolExecutor(2) as pool:
        making_it = pool.submit(making)
        pool.submit(end_it).result(20)
        with pytest.raises(Conflict, match="Nothing was created"):
            making_it.result(20)
    assert left_to(leaver) == 0
