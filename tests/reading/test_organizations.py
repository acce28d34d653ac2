"""The list of organizations is read in its order, not sorted for each page."""

from itertools import count

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import paging
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.paging import FIRST, LAST, Asked, Counted, NoSuchPage, Place, Sort, Turn
from dashboard.reading import organizations
from dashboard.reading.organizations import (
    SIZE,
    Wanted,
    count_attention,
    ids_of,
    list_organizations,
)
from dashboard.reading.troubles import ATTENTION
from tests.factories import NOW, make_organization
from tests.support.queries import count_queries

numbers = count()


def make(*names: str) -> None:
    """Make an organization of each name."""
    for name in names:
        make_organization(f"org-{next(numbers)}", name=name)


def test_the_list_is_one_statement_in_the_order_of_names(db: SQLAlchemy) -> None:
    make("Beta", "Alpha", "Alpha")
    with count_queries(db.engine) as queries:
        page = list_organizations()
    assert [row.organization.name for row in page.rows] == ["Alpha", "Alpha", "Beta"]
    assert (page.total, queries.count) == (Counted(3), 1)


def test_what_is_on_more_than_one_page_is_counted_by_a_second(db: SQLAlchemy) -> None:
    make(*(f"Name {number % 7}" for number in range(SIZE + 1)))
    with count_queries(db.engine) as queries:
        page = list_organizations()
    assert (page.total, queries.count) == (Counted(SIZE + 1), 2)


def test_no_more_are_counted_than_anybody_wants_to_know(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", SIZE)
    make(*(f"Name {number}" for number in range(SIZE + 2)))
    assert list_organizations().total == Counted(SIZE, is_more=True)


@given(names=st.lists(st.sampled_from("ABC"), max_size=12), come=st.sampled_from("0ABCZ"))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
def test_whoever_turns_the_pages_sees_each_once_whatever_comes_meanwhile(
    db: SQLAlchemy, names: list[str], come: str
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(organizations, "SIZE", 3)
        for start, step in ((FIRST, "next"), (LAST, "previous")):
            add(*names)
            there = [row.organization.id for row in every(list_organizations())]
            page, seen = list_organizations(asked=Asked(start)), []
            while True:
                seen += [row.organization.id for row in page.rows]
                add(come)
                if (turn := getattr(page, step)) is None:
                    break
                page = list_organizations(asked=Asked(turn))
            assert len(seen) == len(set(seen))
            assert set(there) <= set(seen)
            db.session.rollback()


def add(*names: str) -> None:
    """Add a row of each name, and nothing else of an organization."""
    for name in names:
        slug = f"org-{next(numbers)}"
        row = Organization(
            slug=slug, name=name, email="a@example.com", currency="usd",
            cycle_anchor_at=NOW, created_at=NOW,
        )  # fmt: skip
        database.session.add(row)
    database.session.flush()


def every(page) -> list:
    """Return the rows of this page and of all that follow."""
    rows = list(page.rows)
    while page.next is not None:
        page = list_organizations(asked=Asked(page.next))
        rows += page.rows
    return rows


def test_wildcards_in_a_search_are_letters(db: SQLAlchemy) -> None:
    for slug, name in (("one", "100% Labs"), ("two", "1000 Labs"), ("three", "under_score")):
        make_organization(slug, name=name)
    for asked, found in (("100%", "one"), ("r_s", "three"), ("LABS", "one two"), ("\\", "")):
        rows = list_organizations(Wanted(asked)).rows
        assert " ".join(row.organization.slug for row in rows) == found, asked


ENDS = Sort("ends")


def test_by_the_end_of_their_cycles_each_comes_once_in_either_direction(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations, "SIZE", 2)
    for day in (3, 9, 1, 9, 7):
        make_organization(f"org-{next(numbers)}", anchor=NOW.replace(day=day, hour=1), now=NOW)
    for sort in (ENDS, ENDS.reversed):
        page, ends = list_organizations(asked=Asked(sort.beginning, sort)), []
        while True:
            ends += [(one.invoice.period_end, one.organization.id) for one in page.rows]
            if page.next is None:
                break
            page = list_organizations(asked=Asked(page.next, sort))
        assert ends == sorted(ends, reverse=sort.is_falling)
        assert len(set(ends)) == 5


def test_a_place_that_is_none_of_the_order_is_refused(db: SQLAlchemy) -> None:
    make("Alpha")
    with pytest.raises(NoSuchPage):
        list_organizations(asked=Asked(Turn(Place("Alpha", 1)), ENDS))


def test_how_many_need_attention_is_one_statement(db: SQLAlchemy) -> None:
    make("Alpha", "Beta")
    with count_queries(db.engine) as queries:
        counts = count_attention()
    assert queries.count == 1
    assert set(counts) == set(ATTENTION)
    assert all(one == Counted(0) for one in counts.values())


def test_all_that_match_are_found_at_once(db: SQLAlchemy) -> None:
    make("Alpha", "Beta", "Alphabet")
    assert len(ids_of(Wanted("alpha"))) == 2
    assert len(ids_of(Wanted())) == 3
