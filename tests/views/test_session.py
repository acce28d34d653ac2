"""Signing in and out."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.accounts.models import User
from dashboard.accounts.sessions import end_sessions
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, signed_in


def sign_in(client: FlaskClient, email: str = "support@example.com", **fields: str):
    """Send the sign-in form."""
    return post(client, "/session", email=email, **({"password": PASSWORD} | fields))


def test_the_right_password_opens_a_session(client: FlaskClient, people: People) -> None:
    answer = sign_in(client, "Support@Example.com ")
    assert answer.status_code == 303
    page(client.get("/organizations"))


def test_a_wrong_password_and_an_unknown_address_read_the_same(
    client: FlaskClient, people: People
) -> None:
    wrong = page(sign_in(client, password="wrong"), 422)
    unknown = page(sign_in(client, "nobody@example.com"), 422)
    assert text_of(wrong) == text_of(unknown)
    assert "do not match" in text_of(wrong)


def test_an_inactive_user_is_not_let_in(client: FlaskClient, people: People) -> None:
    with transaction():
        db.session.get_one(User, people.support).is_active = False
    page(sign_in(client), 422)


def test_guessing_at_one_address_is_stopped(client: FlaskClient, people: People) -> None:
    answers = [sign_in(client, password=f"guess {n}").status_code for n in range(7)]
    assert answers == [422] * 6 + [429]
    refused = sign_in(client)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_signing_in_rightly_is_never_throttled(client: FlaskClient, people: People) -> None:
    assert {sign_in(client).status_code for _ in range(8)} == {303}


def test_the_reader_comes_to_the_page_they_wanted(client: FlaskClient, people: People) -> None:
    answer = client.get("/organizations/acme?x=1")
    assert answer.status_code == 303
    form = page(client.get(answer.location))
    wanted = form.find("input", attrs={"name": "next"})["value"]
    assert urlsplit(sign_in(client, next=wanted).location).path == "/organizations/acme"


def test_a_page_on_another_host_is_not_what_they_wanted(
    client: FlaskClient, people: People
) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        assert sign_in(client, next=elsewhere).location == "/"


def test_signing_out_ends_the_session(customer: FlaskClient) -> None:
    assert post(customer, "/session/delete").status_code == 303
    assert "/session/new" in customer.get("/organizations/acme").location


def test_a_revoked_session_ends_at_its_next_request(app: Flask, people: People) -> None:
    browser = signed_in(app, people.customer)
    page(browser.get("/organizations/acme"))
    with transaction():
        user = db.session.get_one(User, people.customer)
        end_sessions(user, actor=SYSTEM, now=utc_now())
    assert "/session/new" in browser.get("/organizations/acme").location


def test_a_poll_without_a_session_is_sent_to_the_sign_in_page(
    client: FlaskClient, people: People
) -> None:
    answer = client.get("/organizations/acme/current-invoice", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/session/new"


def test_each_role_lands_where_its_work_is(
    customer: FlaskClient, support: FlaskClient, admin: FlaskClient
) -> None:
    assert customer.get("/").location == "/organizations/acme"
    assert support.get("/").location == "/needs"
    assert admin.get("/").location == "/needs"


def test_a_form_without_its_token_changes_nothing(customer: FlaskClient) -> None:
    answer = customer.post("/session/delete")
    assert "Nothing was changed" in text_of(page(answer, 400))
    page(customer.get("/organizations/acme"))


def test_the_sign_in_page_of_a_demo_names_its_accounts(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = "customer@example.com, admin@example.com"
    monkeypatch.setattr(app.extensions["config"], "demo_accounts", accounts)
    shown = page(client.get("/session/new")).select(".demo-accounts li")
    assert [one.text for one in shown] == accounts.split(", ")


def test_no_other_sign_in_page_names_anybody(client: FlaskClient, people: People) -> None:
    said = text_of(page(client.get("/session/new")))
    assert "example.com" not in said
    assert "demo" not in said.lower()
