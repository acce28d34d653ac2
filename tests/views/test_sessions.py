"""Where one is signed in, and signing out there, here and everywhere."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from dashboard.accounts.session_models import UserSession
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.views.cookies import HELD_AS
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, signed_in

PAGE = "/organizations/acme"
AGO = timedelta(minutes=5)


def sign_in(app: Flask, agent: str = "Firefox/140.0 (Windows)") -> FlaskClient:
    """Return a browser in which the support agent signed in by the form."""
    client = browser_of(app)
    client.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "192.0.2.7"}
    post(client, "/session", email="support@example.com", password=PASSWORD)
    return client


def is_in(client: FlaskClient) -> bool:
    """Whether somebody is signed in there."""
    return client.get(PAGE).status_code == 200


def buttons(client: FlaskClient, where: str = "/sessions") -> dict[str, str]:
    """Return where the button of each session listed leads, by its device."""
    rows = page(client.get(where)).find("main").select("tbody tr")
    named = {one.td.get_text(" ", strip=True): one.form["action"] for one in rows if one.form}
    return {" ".join(name.split()): action for name, action in named.items()}


def test_a_copied_cookie_opens_nothing_after_signing_out(app: Flask, people: People) -> None:
    client, copied = sign_in(app), browser_of(app)
    cookie = client.get_cookie("session")
    assert cookie is not None
    copied.set_cookie("session", cookie.value)
    assert is_in(copied)
    post(client, "/session/delete")
    assert not is_in(copied)
    assert not is_in(client)


def test_ones_sessions_are_listed_with_device_and_address(app: Flask, people: People) -> None:
    client = sign_in(app)
    sign_in(app, "Version/18 Safari/605 (iPhone)")
    signed_in(app, people.admin)
    assert list(buttons(client)) == [
        "Safari on iPhone 192.0.2.7",
        "Firefox on Windows This one 192.0.2.7",
    ]
    assert "with a password" in text_of(page(client.get("/sessions")))


def test_one_other_session_is_signed_out(app: Flask, people: People) -> None:
    here, there = sign_in(app), sign_in(app, "Version/18 Safari/605 (iPhone)")
    answer = post(here, buttons(here)["Safari on iPhone 192.0.2.7"])
    assert "Safari on iPhone is signed out." in text_of(page(here.get(answer.location)))
    assert (is_in(here), is_in(there)) == (True, False)


def test_signing_out_here_from_the_list_is_signing_out(app: Flask, people: People) -> None:
    here = sign_in(app)
    answer = post(here, buttons(here)["Firefox on Windows This one 192.0.2.7"])
    assert answer.location == "/session/new"
    assert not is_in(here)


def test_signing_out_everywhere_ends_this_session_too(app: Flask, people: People) -> None:
    here, there, other = sign_in(app), sign_in(app), signed_in(app, people.admin)
    answer = post(here, "/sessions/delete")
    assert "signed out everywhere" in text_of(page(here.get(answer.location)))
    assert (is_in(here), is_in(there), is_in(other)) == (False, False, True)


def test_nobody_signs_out_somebody_else(app: Flask, people: People) -> None:
    mine, theirs = sign_in(app), signed_in(app, people.customer)
    [session_id] = db.session.scalars(
        select(UserSession.id).where(UserSession.user_id == people.customer)
    )
    assert post(mine, f"/sessions/{session_id}/delete").status_code == 404
    assert is_in(theirs)


def test_an_admin_signs_somebody_out_in_one_place_or_everywhere(
    app: Flask, admin: FlaskClient, people: People
) -> None:
    where = f"/people/{people.support}"
    one, two, three = sign_in(app, "Firefox/1 (Mac OS X)"), sign_in(app), sign_in(app)
    post(admin, buttons(admin, where)["Firefox on Mac 192.0.2.7"])
    assert (is_in(one), is_in(two)) == (False, True)
    answer = post(admin, f"{where}/sessions/delete")
    assert "is signed out everywhere" in text_of(page(admin.get(answer.location)))
    assert (is_in(two), is_in(three), is_in(admin)) == (False, False, True)
    assert "Signed in" not in [one.text for one in page(admin.get(where)).find_all("h2")]


def test_signing_in_again_ends_the_session_before(app: Flask, people: People) -> None:
    client = sign_in(app)
    with client.session_transaction() as session:
        before = session[HELD_AS]
    post(client, "/session", email="admin@example.com", password=PASSWORD)
    assert client.get("/people").status_code == 200
    old = browser_of(app)
    with old.session_transaction() as session:
        session[HELD_AS] = before
    assert not is_in(old)


@pytest.mark.parametrize(
    ("facts", "goes_on"),
    [
        ({"last_seen_at": timedelta(hours=11)}, True),
        ({"last_seen_at": timedelta(hours=13)}, False),
        ({"created_at": timedelta(days=13)}, True),
        ({"created_at": timedelta(days=15)}, False),
    ],
)
def test_a_session_ends_unused_or_old(
    app: Flask, people: People, facts: dict[str, timedelta], goes_on: bool
) -> None:
    facts_at = {name: utc_now() - ago for name, ago in facts.items()}
    assert is_in(signed_in(app, people.support, **facts_at)) == goes_on


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({}, True),
        ({"HX-Request": "true", "HX-Target": "div#panel-body"}, True),
        ({"HX-Request": "true"}, False),
    ],
    ids=["page", "panel", "poll"],
)
def test_what_a_page_asks_by_itself_is_no_use_of_the_session(
    app: Flask, people: People, headers: dict[str, str], counts: bool
) -> None:
    before = utc_now()
    client = signed_in(app, people.support, last_seen_at=before - AGO)
    for _ in range(2):
        client.get(f"{PAGE}/current-invoice", headers=headers)
    [seen] = db.session.scalars(select(UserSession.last_seen_at))
    assert (seen >= before) == counts


def test_an_address_that_is_none_is_not_kept(app: Flask, people: People) -> None:
    client = browser_of(app)
    client.environ_base["REMOTE_ADDR"] = "<b>"
    post(client, "/session", email="support@example.com", password=PASSWORD)
    assert "Unknown browser This one Address not known" in buttons(client)


def test_a_page_is_shown_where_its_use_can_not_be_noted(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object, **_facts: object) -> None:
        raise OperationalError("update", {}, Exception("read-only"))

    monkeypatch.setattr("dashboard.views.asking.note_use", refused)
    assert is_in(signed_in(app, people.support, last_seen_at=utc_now() - AGO))
