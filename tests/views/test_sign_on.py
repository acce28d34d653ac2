"""Signing in by the company's provider: there, back, and every way it can fail."""

from collections.abc import Iterator
from secrets import token_urlsafe
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts.models import Invitation
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sign_on.provider import Provider
from dashboard.views.sign_on import LIFE_SECONDS
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, signed_in
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, LoopbackProvider, running_provider

NEXT = "/organizations?q=acme"


@pytest.fixture
def there(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackProvider]:
    """A provider that answers, and that our settings name."""
    config = app.extensions["config"]
    with running_provider() as running:
        told = {
            "oidc_issuer": running.url,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": "Acme",
        }
        for name, value in told.items():
            monkeypatch.setattr(config, name, value)
        monkeypatch.setitem(app.extensions, "provider", Provider(config))
        running.claims["email"] = "support@example.com"
        yield running


def local(link: str) -> str:
    """Return the path and query of a whole address."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def begin(client: FlaskClient, wanted: str = NEXT) -> str:
    """Follow the link on the sign-in page; return where it leads."""
    soup = page(client.get("/session/new", query_string={"next": wanted}))
    [link] = [one["href"] for one in soup.find_all("a") if "Sign in with Acme" in one.text]
    answer = client.get(link)
    assert answer.status_code == 303
    return str(answer.location)


def refused(client: FlaskClient, back: str) -> str:
    """Come back; return what the sign-in page says, on which one has to be again."""
    answer = client.get(local(back))
    assert answer.location.startswith("/session/new")
    assert client.get("/organizations").status_code == 303
    return text_of(page(client.get(answer.location)).find("main"))


def test_who_consents_is_signed_in_where_they_wanted_to_be(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    answer = client.get(local(there.authorize(begin(client))))
    assert (answer.status_code, answer.location) == (303, NEXT)
    assert "Sam" in text_of(page(client.get("/organizations")))


def test_several_tabs_may_be_on_their_way(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    first, _second = begin(client), begin(client, "/fleet")
    assert client.get(local(there.authorize(first))).location == NEXT


def test_the_cookie_has_room_for_four_tabs_whatever_their_addresses(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    back = ""
    for _ in range(4):
        wanted = "/organizations?q=" + token_urlsafe(1300)
        answer = client.get("/sign-on/new", query_string={"next": wanted})
        assert all(len(one) < 4000 for one in answer.headers.getlist("Set-Cookie"))
        back = there.authorize(str(answer.location))
    assert client.get(local(back)).location == "/"


def test_who_refuses_reads_so(client: FlaskClient, people: People, there: LoopbackProvider) -> None:
    denied = there.deny(begin(client))
    assert "Acme did not allow it" in refused(client, denied)
    without_state = denied.partition("&state=")[0]
    assert "Acme did not allow it" in refused(client, without_state)


def test_an_answer_counts_once(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    back = there.authorize(begin(client))
    client.get(local(back))
    post(client, "/session/delete")
    assert "was already used" in refused(client, back)


def test_an_answer_to_another_browser_is_none(
    app: Flask, client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    back = there.authorize(begin(client))
    assert "in another browser" in refused(browser_of(app), back)


@pytest.mark.parametrize("back", ["/sign-on/callback", "/sign-on/callback?code=x&state=x"])
def test_an_answer_to_nothing_is_none(
    client: FlaskClient, people: People, there: LoopbackProvider, back: str
) -> None:
    assert "Start again here" in refused(client, back)


def test_an_answer_after_a_long_time_is_none(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    back = there.authorize(begin(client))
    with time_machine.travel(utc_now().timestamp() + LIFE_SECONDS + 1, tick=False):
        assert "is too old" in refused(client, back)


def test_a_provider_that_is_away_is_named_before_and_after(
    app: Flask, client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    back = there.authorize(begin(client))
    there.is_away = True
    assert "Acme is not answering" in refused(client, back)
    app.extensions["provider"] = Provider(app.extensions["config"])
    answer = client.get("/sign-on/new")
    assert "Acme is not answering" in text_of(page(client.get(answer.location)))


def test_what_cannot_be_verified_says_what_and_signs_nobody_in(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    there.lies = {"aud": "another"}
    said = refused(client, there.authorize(begin(client)))
    assert "meant for another application" in said


def test_who_is_not_invited_reads_so(
    client: FlaskClient, people: People, there: LoopbackProvider
) -> None:
    there.claims["email"] = "eve@example.com"
    assert "eve@example.com is not invited" in refused(client, there.authorize(begin(client)))


def test_answers_that_are_none_are_not_tried_for_long(
    app: Flask, people: People, there: LoopbackProvider
) -> None:
    answers = [browser_of(app).get("/sign-on/callback?state=x").status_code for _ in range(22)]
    assert answers == [303] * 20 + [429] * 2


def test_without_a_provider_there_is_no_such_page(client: FlaskClient, people: People) -> None:
    assert client.get("/sign-on/new").status_code == 404
    assert "Sign in with" not in text_of(page(client.get("/session/new")))


def test_passwords_can_be_switched_off(
    app: Flask,
    client: FlaskClient,
    people: People,
    there: LoopbackProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.extensions["config"], "password_sign_in", False)
    soup = page(client.get("/session/new"))
    assert soup.find("input", attrs={"type": "password"}) is None
    assert "Forgot" not in text_of(soup)
    answer = post(client, "/session", email="admin@example.com", password=PASSWORD)
    assert "Passwords and passkeys alone do not sign you in here" in text_of(page(answer, 409))
    admin = signed_in(app, people.admin)
    for address in ("/password", "/password/edit", "/password-requests/new"):
        assert admin.get(address).status_code == 409
    assert "new password" not in text_of(page(admin.get(f"/people/{people.support}")))
    post(admin, "/invitations", email="sue@example.com", role="support")
    [invited] = db.session.scalars(select(Invitation.id))
    shown = page(admin.get(f"/invitations/{invited}/link")).select_one(".notice code")
    welcome = page(browser_of(app).get(local(shown.get_text(strip=True))))
    assert "Sign in with Acme" in text_of(welcome)
    assert welcome.find("input", attrs={"type": "password"}) is None
