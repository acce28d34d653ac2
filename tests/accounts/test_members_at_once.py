"""What owners do at the same instant leaves an owner, and nothing of whoever was removed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.accounts.acceptance import hold_guest, join_by
from dashboard.accounts.invitations import invitation_of, invitation_token, open_ones
from dashboard.accounts.members import (
    MOST_OPEN,
    change_member,
    invite_member,
    leave_organization,
    remove_member,
)
from dashboard.accounts.models import Invitation, Membership, User
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.factories import MembershipFactory, UserFactory, make_organization

KEYS = ["a key of the tests"]
# So long the one waits for the other where both cannot go on at once.
MOMENT = 1.0
Act = Callable[[], object]


class Cast:
    """An organization with members, committed; ids only, as each thread has its own session."""

    def __init__(self, roles: Sequence[str]) -> None:
        with transaction():
            self.organization_id = make_organization("acme").id
            people = [UserFactory() for _ in roles]
            members = [
                MembershipFactory(user=user, organization_id=self.organization_id, role=role)
                for user, role in zip(people, roles, strict=True)
            ]
        self.actors = [Actor("user", user.id, user.email) for user in people]
        self.members = [one.id for one in members]

    def remove(self, whom: int, by: int) -> None:
        """Let one member remove another."""
        of, actor = self.organization_id, self.actors[by]
        remove_member(of, self.members[whom], actor=actor, now=utc_now())

    def lower(self, whom: int, by: int) -> None:
        """Let one member make a reader of another."""
        of, actor = self.organization_id, self.actors[by]
        change_member(of, self.members[whom], "reader", actor=actor, now=utc_now())

    def leave(self, whom: int, by: int) -> None:
        """Let a member leave."""
        leave_organization(self.organization_id, actor=self.actors[whom], now=utc_now())

    def invite(self, email: str, by: int) -> Invitation:
        """Let a member invite."""
        of, actor = self.organization_id, self.actors[by]
        return invite_member(of, email, "reader", actor=actor, now=utc_now())

    def owners(self) -> int:
        """Return how many owners there are."""
        database.session.rollback()
        query = select(func.count()).where(
            Membership.organization_id == self.organization_id, Membership.role == "owner"
        )
        return database.session.scalar(query) or 0


def at_once(app: Flask, acts: Sequence[Act]) -> list[str]:
    """Do all of it at the same instant; return `done` or the refusal of each."""
    start = Barrier(len(acts))

    def run(act: Act) -> str:
        with app.app_context():
            start.wait(10)
            try:
                with transaction():
                    act()
            except BillingError as error:
                return error.message
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("first", ["remove", "lower", "leave"])
@pytest.mark.parametrize("second", ["remove", "lower", "leave"])
def test_two_owners_who_end_each_other_leave_one(
    app: Flask, db: SQLAlchemy, first: str, second: str
) -> None:
    cast = Cast(["owner", "owner", "billing"])
    told = at_once(
        app,
        [lambda: getattr(cast, first)(1, by=0), lambda: getattr(cast, second)(0, by=1)],
    )
    assert sorted(one == "done" for one in told) == [False, True], told
    assert cast.owners() == 1


def test_of_three_owners_who_remove_the_next_none_acts_once_removed(
    app: Flask, db: SQLAlchemy
) -> None:
    cast = Cast(["owner", "owner", "owner"])
    told = at_once(app, [lambda by=by: cast.remove((by + 1) % 3, by=by) for by in range(3)])
    assert told.count("done") in (1, 2)
    assert cast.owners() == 3 - told.count("done")
    assert not [one for one in told if one != "done" and "Nothing was changed" not in one]


def test_what_an_owner_is_sending_while_they_are_removed_ends_or_is_not_made(
    app: Flask, db: SQLAlchemy
) -> None:
    cast = Cast(["owner", "owner"])
    made, ended = Event(), Event()

    def send() -> None:
        with app.app_context(), transaction():
            cast.invite("new@example.com", by=0)
            database.session.flush()
            made.set()
            ended.wait(MOMENT)

    def end() -> None:
        assert made.wait(10)
        with app.app_context(), transaction():
            cast.remove(0, by=1)
        ended.set()

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(send), pool.submit(end)]:
            one.result(20)
    database.session.rollback()
    assert database.session.scalars(open_ones()).all() == []


def test_a_removal_that_is_under_way_lets_nothing_more_be_sent(app: Flask, db: SQLAlchemy) -> None:
    cast = Cast(["owner", "owner"])
    ending, ended = Event(), Event()

    def end() -> None:
        with app.app_context(), transaction():
            cast.remove(0, by=1)
            database.session.flush()
            ending.set()
            ended.wait(MOMENT / 2)

    def send() -> str:
        assert ending.wait(10)
        with app.app_context():
            try:
                with transaction():
                    cast.invite("new@example.com", by=0)
            except BillingError as error:
                return error.message
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(send)
        pool.submit(end).result(20)
        assert "no longer an owner" in sending.result(20)


def test_a_link_that_is_used_twice_at_once_makes_one_member(app: Flask, db: SQLAlchemy) -> None:
    cast = Cast(["owner"])
    with transaction():
        guest = UserFactory(email="new@example.com").id
        secret = invitation_token(cast.invite("new@example.com", by=0), KEYS)

    def use() -> None:
        user = hold_guest(guest)
        join_by(invitation_of(secret, KEYS, now=utc_now()), user, now=utc_now())

    told = at_once(app, [use] * 4)
    assert told.count("done") == 1
    assert [one for one in told if one != "done" and "has ended" not in one] == []
    query = select(func.count()).where(Membership.user_id == guest)
    database.session.rollback()
    assert database.session.scalar(query) == 1


def test_one_address_invited_many_times_at_once_has_one_open_invitation(
    app: Flask, db: SQLAlchemy
) -> None:
    cast = Cast(["owner", "owner"])
    acts = [lambda by=by: cast.invite("new@example.com", by=by % 2) for by in range(8)]
    assert set(at_once(app, acts)) == {"done"}
    database.session.rollback()
    assert len(database.session.scalars(open_ones()).all()) == 1


def test_no_more_are_open_than_may_be_however_many_are_sent_at_once(
    app: Flask, db: SQLAlchemy
) -> None:
    cast = Cast(["owner", "owner"])
    with transaction():
        for number in range(MOST_OPEN - 2):
            cast.invite(f"early-{number}@example.com", by=0)
    acts = [lambda by=by: cast.invite(f"late-{by}@example.com", by=by % 2) for by in range(8)]
    assert at_once(app, acts).count("done") == 2


def test_who_is_being_shut_out_removes_nobody(app: Flask, db: SQLAlchemy) -> None:
    cast = Cast(["owner", "owner", "owner"])
    with transaction():
        database.session.get_one(User, cast.actors[0].id).is_active = False
    [told] = at_once(app, [lambda: cast.remove(1, by=0)])
    assert "no longer an owner" in told
    assert at_once(app, [lambda: remove_member(
        cast.organization_id, cast.members[1], actor=SYSTEM, now=utc_now()
    )]) == ["done"]  # fmt: skip
