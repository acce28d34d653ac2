"""Whoever turns the pages of a list sees every row once and in order, whatever comes meanwhile."""

from itertools import count

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.accounts.models import ApiToken, User
from dashboard.keyset import Key, in_order, instant_at, read_log
from dashboard.paging import FIRST, LAST, Asked, Place, Sort, Stretch, Turn, stretch_of
from tests.factories import ApiTokenFactory, UserFactory

SIZE = 3
numbers = count()
names = st.lists(st.sampled_from("ABC"), max_size=10)
sorts = st.sampled_from((Sort("name"), Sort("name", is_falling=True)))


def read(asked: Asked) -> Stretch[User]:
    """Return some of the people by name, three at a time."""
    query = in_order(select(User), Key(User.id, User.name), asked.turn).limit(SIZE + 1)
    rows = SESSION["db"].session.scalars(query).all()
    places = [Place(one.name, one.id) for one in rows]
    return stretch_of(rows, places, asked.turn, size=SIZE, is_falling=asked.sort.is_falling)


SESSION: dict[str, SQLAlchemy] = {}


def add(*wanted: str) -> None:
    """Add a person of each name."""
    for name in wanted:
        UserFactory(name=name, email=f"p{next(numbers)}@example.com")


@given(
    there=names,
    come=st.lists(st.sampled_from("0ABCZ"), max_size=6),
    sort=sorts,
    forth=st.booleans(),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
def test_every_row_comes_once_and_in_order_in_either_direction(
    db: SQLAlchemy, there: list[str], come: list[str], sort: Sort, forth: bool
) -> None:
    SESSION["db"] = db
    add(*there)
    before = [one.id for one in db.session.scalars(select(User))]
    begin = sort.beginning if forth else (FIRST if sort.is_falling else LAST)
    page, seen, newcomers = read(Asked(begin, sort)), [], list(come)
    while True:
        rows = [(one.name, one.id) for one in page.rows]
        assert rows == sorted(rows, reverse=sort.is_falling)
        seen += rows if forth else rows[::-1]
        if newcomers:
            add(newcomers.pop())
        turn = page.next if forth else page.previous
        if turn is None:
            break
        page = read(Asked(turn, sort))
    assert seen == sorted(seen, reverse=sort.is_falling == forth)
    ids = [one for _, one in seen]
    assert len(ids) == len(set(ids))
    assert set(before) <= set(ids)
    db.session.rollback()


@given(there=st.integers(0, 9), come=st.integers(0, 3), is_falling=st.booleans())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
def test_a_log_that_grows_is_read_to_its_end_and_back(
    db: SQLAlchemy, there: int, come: int, is_falling: bool
) -> None:
    for _ in range(there):
        ApiTokenFactory()
    before = {one.id for one in db.session.scalars(select(ApiToken))}
    sort = Sort("time", is_falling)
    page, forth = (
        read_log(select(ApiToken), ApiToken.id, Asked(sort.beginning, sort), size=SIZE),
        [],
    )
    while True:
        forth += [one.id for one in page.rows]
        for _ in range(come if len(forth) < 30 else 0):
            ApiTokenFactory()
        if page.next is None:
            break
        page = read_log(select(ApiToken), ApiToken.id, Asked(page.next, sort), size=SIZE)
        assert page.rows, "a further page has rows"
    assert forth == sorted(set(forth), reverse=is_falling)
    assert before <= set(forth)
    db.session.rollback()


def test_a_page_past_the_end_says_so_and_leads_back(db: SQLAlchemy) -> None:
    SESSION["db"] = db
    add("A", "B")
    page = read(Asked(Turn(Place("Z", 1)), Sort("name")))
    assert (list(page.rows), page.is_past_the_end) == ([], True)
    assert not read(Asked(FIRST, Sort("name"))).is_past_the_end


@pytest.mark.parametrize("text", ["", "x", "2026-01-01", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_no_place(text: str) -> None:
    assert instant_at(text) is None
