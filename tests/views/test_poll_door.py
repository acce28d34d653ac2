"""Unchanged polls are answered before they take a seat, as if the application had done it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client, TestResponse

from dashboard.accounts.models import Membership, User
from dashboard.accounts.permissions import permission_of
from dashboard.accounts.session_models import UserSession
from dashboard.accounts.sessions import end_sessions
from dashboard.audit.actor import SYSTEM
from dashboard.billing.adjust import add_adjustment
from dashboard.clock import utc_now
from dashboard.gateway.circuit import FAILURES
from dashboard.metrics import REQUEST_SECONDS
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.served import behind_proxies
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.views import poll_door, stripe_state
from tests.factories import SUPPORT
from tests.pages import page
from tests.people import People, bill_of, signed_in
from tests.support.queries import count_queries

PAGE, LIVE = "/organizations/acme", "/organizations/acme/current-invoice"
Poll = Callable[..., TestResponse]


def tag_of(client: FlaskClient, address: str = PAGE) -> str:
    """Return the tag that the page polls with."""
    return str(page(client.get(address)).select_one("#bill")["hx-ptag"])


def cookies_of(client: FlaskClient) -> str:
    """Return the cookies of a browser as it sends them."""
    return "; ".join(f"{one.key}={one.value}" for one in (client._cookies or {}).values())


def told_by(answer: TestResponse) -> dict[str, object]:
    """Return an answer's headers; in which order it depends on what does not matter."""
    return {**answer.headers, "Vary": set(answer.vary)}


@pytest.fixture
def served(app: Flask) -> Any:
    """The application as the web server calls it."""
    return behind_proxies(app)


@pytest.fixture
def poll(served: Any, customer: FlaskClient) -> Poll:
    """Poll as the customer's page does, with the tag that it has seen."""
    tag = tag_of(customer)

    def poll(path: str = LIVE, **headers: str) -> TestResponse:
        told = {"HX-Request": "true", "HX-PTag": tag, "Cookie": cookies_of(customer)}
        told |= {name.replace("_", "-"): text for name, text in headers.items()}
        return Client(served, use_cookies=False).get(path, headers=told)

    return poll


@pytest.fixture
def poll_only_the_door(served: Any, poll: Poll) -> Poll:
    """Poll where nobody else answers."""

    def refuse(*_: object) -> None:
        raise AssertionError("the application was asked")

    served.__wrapped__._app = refuse
    return poll


def test_an_unchanged_poll_is_one_statement_and_no_transaction(
    poll_only_the_door: Poll, db: SQLAlchemy
) -> None:
    with count_queries(db.engine) as queries:
        assert poll_only_the_door().status_code == 304
    assert queries.count == 1


def test_its_answer_is_the_application_s_and_is_counted_among_the_figures(
    poll: Poll, customer: FlaskClient
) -> None:
    seconds = REQUEST_SECONDS.labels(poll_door.ENDPOINT)
    before = seconds._sum.get()
    here = poll(X_Request_ID="as-the-caller-names-it")
    counted = seconds._sum.get()
    tag = here.headers["HX-PTag"]
    named = {"HX-Request": "true", "HX-PTag": tag, "X-Request-ID": "as-the-caller-names-it"}
    there = customer.get(LIVE, headers=named)
    assert (here.status, here.data) == (there.status, there.data)
    assert told_by(here) == told_by(there)
    assert before < counted


def test_a_bill_that_moved_is_shown(poll: Poll, acme: Organization) -> None:
    with transaction():
        add_adjustment(
            bill_of(acme),
            Money(4200, "usd"),
            reason="Help",
            description="A day of help",
            actor=SUPPORT,
            now=utc_now(),
            key="help",
        )
    answer = poll()
    assert answer.status_code == 200
    assert "A day of help" in answer.text


def test_an_open_page_hears_from_its_poll_whether_stripe_answers(
    app: Flask, poll: Poll, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_state, "REMEMBERED_SECONDS", -1)
    monkeypatch.setitem(app.extensions, "known_of_stripe", stripe_state.Known())
    circuit, said = app.extensions["limiter_of_stripe"].circuit, "Stripe is not answering"
    assert poll().status_code == 304
    for _ in range(FAILURES):
        circuit.failed()
    told = poll()
    assert (told.status_code, told.text.count(said)) == (200, 1)
    away = told.headers["HX-PTag"]
    assert poll(HX_PTag=away).status_code == 304
    # Somebody is let in to try: whether it answers is not known yet.
    redis.delete(*redis.keys("*circuit:open"))
    assert poll(HX_PTag=away).status_code == 304
    circuit.succeeded()
    told = poll(HX_PTag=away)
    assert (told.status_code, said in told.text) == (200, False)


def test_usage_that_waits_is_put_on_the_bill_first(poll: Poll, acme: Organization) -> None:
    with transaction():
        entry = ReportedRecord("acme", "acme-requests", "second", Decimal(9800), utc_now())
        record_batch([entry], now=utc_now())
    answer = poll()
    assert answer.status_code == 200
    assert "11,000" in answer.text


def test_whoever_left_sees_nothing_any_more(poll: Poll, people: People, db: SQLAlchemy) -> None:
    assert poll().status_code == 304
    with transaction():
        db.session.execute(delete(Membership).where(Membership.user_id == people.customer))
    assert poll().status_code == 404


def test_whoever_is_deactivated_is_asked_to_sign_in(
    poll: Poll, people: People, db: SQLAlchemy
) -> None:
    with transaction():
        db.session.get_one(User, people.customer).is_active = False
    assert poll().status_code == 401


def test_a_session_that_was_ended_is_refused_by_the_next_poll(
    poll: Poll, people: People, db: SQLAlchemy
) -> None:
    with transaction():
        user = db.session.get_one(User, people.customer)
        end_sessions(user, actor=SYSTEM, now=utc_now())
    answer = poll()
    assert answer.status_code == 401
    assert "/session/new" in answer.headers["HX-Redirect"]


def test_a_session_that_was_not_used_for_long_has_ended(
    app: Flask, poll: Poll, people: People
) -> None:
    idle = utc_now() - timedelta(hours=13)
    cookie = cookies_of(signed_in(app, people.customer, last_seen_at=idle))
    assert poll(Cookie=cookie).status_code == 401


def test_polls_are_no_use_of_a_session_and_what_a_person_asks_is(
    app: Flask, poll: Poll, people: People, db: SQLAlchemy
) -> None:
    before = utc_now() - timedelta(hours=1)
    cookie = cookies_of(signed_in(app, people.customer, last_seen_at=before))

    def seen_at() -> datetime:
        db.session.rollback()
        own = select(UserSession.last_seen_at).order_by(UserSession.id.desc()).limit(1)
        return db.session.scalars(own).one()

    assert poll(Cookie=cookie).status_code == 304
    assert seen_at() == before
    assert poll(Cookie=cookie, HX_Request="").status_code == 304
    assert seen_at() > before


@pytest.mark.parametrize("cookie", ["", "session=", "session=eyJfdXNlcl9pZCI6IjEuMSJ9.aGk.forged"])
def test_a_cookie_that_is_none_of_ours_belongs_to_nobody(poll: Poll, cookie: str) -> None:
    assert poll(Cookie=cookie).status_code == 401


def test_a_cookie_signed_with_another_key_belongs_to_nobody(
    app: Flask, poll: Poll, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(app, "secret_key", "another installation's secret key, just as long")
        elsewhere.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
        elsewhere.setattr(app, "session_interface", type(app.session_interface)())
        cookie = cookies_of(signed_in(app, people.customer))
    assert poll(Cookie=cookie).status_code == 401


def test_a_stranger_learns_nothing_from_a_tag(app: Flask, poll: Poll, people: People) -> None:
    answer = poll(Cookie=cookies_of(signed_in(app, people.stranger)))
    assert answer.status_code == 404
    assert "HX-PTag" not in answer.headers


def test_support_polls_the_same_bill(app: Flask, poll_only_the_door: Poll, people: People) -> None:
    cookie = cookies_of(signed_in(app, people.support))
    assert poll_only_the_door(Cookie=cookie).status_code == 304


def test_those_that_ask_at_once_are_answered_each_for_itself(
    app: Flask, poll: Poll, people: People
) -> None:
    every = [people.customer, people.stranger, people.support, people.admin]
    cookies = [cookies_of(signed_in(app, one)) for one in every] * 4
    with ThreadPoolExecutor(len(cookies)) as pool:
        answers = list(pool.map(lambda cookie: poll(Cookie=cookie), cookies))
    assert [answer.status_code for answer in answers] == [304, 404, 304, 304] * 4


def test_a_database_that_fails_is_met_by_the_application(
    poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise OperationalError("select", {}, Exception("the server is gone"))

    monkeypatch.setattr(poll_door, "polled_tag", fail)
    # Which asks anew, and finds it there.
    assert poll().status_code == 304


@pytest.mark.parametrize("address", ["/organizations/nobody/current-invoice", f"{LIVE}/more"])
def test_what_is_not_there_is_not_found(poll: Poll, address: str) -> None:
    assert poll(address).status_code == 404


def test_it_stands_before_the_view_and_asks_what_that_does(app: Flask) -> None:
    with app.test_request_context():
        assert url_for(poll_door.ENDPOINT, slug="acme") == LIVE
    assert permission_of(app.view_functions[poll_door.ENDPOINT]) is poll_door.NEEDED
