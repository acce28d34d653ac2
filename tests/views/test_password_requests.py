"""Who forgot their password asks for a link; nobody learns from it who is known."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from dashboard.extensions import db
from dashboard.mail.models import Mail
from jobs.queues import queue_named
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of
from tests.support.mail import Kept
from tests.support.queries import count_queries


@pytest.fixture
def kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Mails are on, and kept."""
    transport = Kept()
    monkeypatch.setitem(app.extensions, "mail", transport)
    return transport


def ask(client: FlaskClient, email: str):  # type: ignore[no-untyped-def]
    """Send the form."""
    return post(client, "/password-requests", email=email)


def test_the_answer_is_the_same_whether_an_address_is_known(
    app: Flask, people: People, kept: Kept, redis: Redis
) -> None:
    answers, statements = [], []
    for email in ("admin@example.com", "nobody@example.com"):
        client = browser_of(app)
        with count_queries(db.engine) as asked:
            answer = ask(client, email)
        statements.append(asked.statements)
        assert (answer.status_code, answer.location) == (303, "/session/new")
        answers.append(text_of(page(client.get("/session/new"))).replace(email, "EMAIL"))
        assert "If EMAIL has an account" in answers[-1]
    assert answers[0] == answers[1]
    assert statements[0] == statements[1]
    assert db.session.scalars(select(Mail.address).order_by(Mail.id)).all() == [
        "admin@example.com",
        "nobody@example.com",
    ]
    assert queue_named("mail", redis).count == 1


def test_what_is_no_address_is_said_beside_the_field(
    client: FlaskClient, people: People, kept: Kept
) -> None:
    for wrong in ("", "nobody", "a@b\r\nBcc: c@example.com"):
        soup = page(ask(client, wrong), 422)
        assert soup.find(id="email-error")
    assert db.session.scalars(select(Mail)).all() == []


@pytest.mark.parametrize("email", ["admin@example.com", "nobody@example.com"])
def test_an_address_is_mailed_a_few_times_an_hour_from_wherever(
    app: Flask, people: People, kept: Kept, email: str
) -> None:
    answers = []
    for number in range(5):
        client = browser_of(app)
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        answers.append(ask(client, email).status_code)
    assert answers == [303, 303, 303, 429, 429]


def test_who_signed_in_before_is_not_kept_from_it_by_others(
    app: Flask, people: People, kept: Kept
) -> None:
    known = browser_of(app)
    post(known, "/session", email="admin@example.com", password=PASSWORD)
    post(known, "/session/delete")
    for _ in range(4):
        ask(browser_of(app), "admin@example.com")
    assert ask(known, "admin@example.com").status_code == 303


def test_where_no_mail_can_be_sent_the_page_says_whom_to_ask(
    client: FlaskClient, people: People
) -> None:
    soup = page(client.get("/password-requests/new"))
    assert "Ask the company's billing team" in text_of(soup)
    assert soup.find("main").find("form") is None
    assert "Ask an admin" in text_of(page(ask(client, "admin@example.com"), 409))


def test_the_way_to_it_is_on_the_sign_in_page(client: FlaskClient, kept: Kept) -> None:
    soup = page(client.get("/session/new"))
    [link] = [one["href"] for one in soup.find_all("a") if "Forgot" in one.text]
    assert page(client.get(link)).find("input", attrs={"name": "email"})
