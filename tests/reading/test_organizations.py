"""The list of organizations is read in its order, not sorted for each page."""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from dashboard.reading.organizations import list_organizations
from tests.factories import make_organization
from tests.support.queries import count_queries


def test_the_list_is_two_statements_in_the_order_of_names(db: SQLAlchemy) -> None:
    for slug, name in (("one", "Beta"), ("two", "Alpha"), ("three", "Alpha")):
        make_organization(slug, name=name)
    with count_queries(db.engine) as queries:
        page = list_organizations()
    assert [row.organization.slug for row in page.rows] == ["two", "three", "one"]
    assert (page.total, queries.count) == (3, 2)


def test_a_page_of_the_list_is_found_along_an_index(db: SQLAlchemy) -> None:
    make_organization("acme")
    with count_queries(db.engine) as queries:
        list_organizations()
    written = queries.statements[-1].replace("$1", "25").replace("$2", "0")
    db.session.execute(text("set local enable_sort = off"))
    plan = db.session.execute(text(f"explain {written}".replace(":", "\\:"))).scalars()
    assert any("ix_organizations_name_id" in line for line in plan)


def test_wildcards_in_a_search_are_letters(db: SQLAlchemy) -> None:
    for slug, name in (("one", "100% Labs"), ("two", "1000 Labs"), ("three", "under_score")):
        make_organization(slug, name=name)
    for asked, found in (("100%", "one"), ("r_s", "three"), ("LABS", "one two"), ("\\", "")):
        rows = list_organizations(asked).rows
        assert " ".join(row.organization.slug for row in rows) == found, asked
