"""The first statement of a bill's page and polls also says who asks, anew each time."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import delete

from dashboard.accounts.models import Membership, User
from dashboard.accounts.sessions import end_sessions
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.people import People
from tests.support.queries import count_queries

PAGE, LIVE = "/organizations/acme", "/organizations/acme/current-invoice"
HTMX = {"HX-Request": "true"}


def tag_of(client: FlaskClient) -> str:
    """Return the tag that the page polls with."""
    return str(page(client.get(PAGE)).select_one("#bill")["hx-ptag"])


def test_an_unchanged_poll_is_one_statement(customer: FlaskClient) -> None:
    tag = tag_of(customer)
    with count_queries(database.engine) as queries:
        assert customer.get(LIVE, headers={**HTMX, "HX-PTag": tag}).status_code == 304
    assert queries.count == 1


def test_a_page_is_two_statements(customer: FlaskClient, support: FlaskClient) -> None:
    for client in (customer, support):
        with count_queries(database.engine) as queries:
            page(client.get(PAGE))
        assert queries.count == 2


def leave(user: User) -> None:
    """Take the user's memberships away."""
    database.session.execute(delete(Membership).where(Membership.user_id == user.id))


def deactivate(user: User) -> None:
    """Let the user sign in no more."""
    user.is_active = False


def sign_out(user: User) -> None:
    """End the user's sessions everywhere."""
    end_sessions(user, actor=SYSTEM, now=utc_now())


@pytest.mark.parametrize(
    ("revoke", "statuses"),
    [(leave, (404, 404)), (deactivate, (303, 401)), (sign_out, (303, 401))],
    ids=["left", "deactivated", "signed out"],
)
def test_whoever_is_revoked_is_refused_by_the_next_request(
    customer: FlaskClient,
    people: People,
    revoke: Callable[[User], None],
    statuses: tuple[int, int],
) -> None:
    tag = tag_of(customer)
    with transaction():
        revoke(database.session.get_one(User, people.customer))
    answers = (customer.get(PAGE), customer.get(LIVE, headers={**HTMX, "HX-PTag": tag}))
    assert tuple(answer.status_code for answer in answers) == statuses
    assert all(b"Acme Freight" not in answer.data for answer in answers)


def test_somebody_else_s_organization_is_not_there(customer: FlaskClient) -> None:
    for address in ("/organizations/other", "/organizations/other/current-invoice"):
        assert "Other Labs" not in text_of(page(customer.get(address), 404))


def test_an_organization_that_is_none_is_named(support: FlaskClient) -> None:
    for slug in ("nobody", "%20", "a%09b"):
        words = text_of(page(support.get(f"/organizations/{slug}"), 404))
        assert "There is no organization named" in words


def test_nothing_is_left_open_behind_a_page(customer: FlaskClient, db: SQLAlchemy) -> None:
    customer.get(PAGE)
    with transaction():
        assert db.session.connection().connection.driver_connection.autocommit is False
