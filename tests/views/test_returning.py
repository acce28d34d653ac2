"""Who has to sign in first, or sent an old form, comes back with what was typed."""

import json

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from dashboard.accounts.session_models import UserSession
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.views.addresses import local_address
from dashboard.views.typed import MOST_CHARACTERS, Typed
from tests.pages import fragment, page, post, text_of
from tests.people import PASSWORD, People, browser_of
from tests.support.returned import fields_of

NEW, CREATE = "/organizations/acme/adjustments/new", "/organizations/acme/adjustments"
LIVE = "/organizations/acme/current-invoice"
OURS = {"Origin": "http://localhost"}
PANEL = {"HX-Request": "true", "HX-Target": "div#panel-body"}
REASON = "Ticket 4711\r\nand another line"
TYPED = {"direction": "credit", "amount": "12.50", "description": "Set-up", "reason": REASON}


def filled_in(client: FlaskClient, address: str = NEW) -> dict[str, str]:
    """Return the fields that the page's form would send now."""
    form = page(client.get(address)).main.find("form")
    return fields_of(form)


def end_sessions() -> None:
    """End everybody's session while they are at work."""
    with db.engine.begin() as connection:
        connection.execute(update(UserSession).values(ended_at=utc_now()))


def sign_in(client: FlaskClient, form: BeautifulSoup, **more: str) -> TestResponse:
    """Send the sign-in form that was shown."""
    sent = fields_of(form.select_one("form[action='/session']"))
    who = {"email": "support@example.com", "password": PASSWORD}
    return post(client, "/session", more.pop("headers", None), **(sent | who | more))


def adjustments() -> list[Adjustment]:
    """Return what was added by the form."""
    return list(db.session.scalars(select(Adjustment).where(Adjustment.description == "Set-up")))


def test_a_form_sent_without_a_session_comes_back_as_it_was_typed(support: FlaskClient) -> None:
    typed = filled_in(support) | TYPED
    end_sessions()
    form = page(post(support, CREATE, OURS, **typed), 401)
    assert "You are signed out Nothing was changed." in text_of(form)
    form = page(sign_in(support, form, password="wrong"), 422)
    answer = sign_in(support, form)
    assert answer.location == NEW
    soup = page(support.get(NEW))
    assert "Your text is still here." in text_of(soup)
    again = fields_of(soup.main.find("form"))
    assert again == typed | {"reason": REASON.replace("\r\n", "\n"), "confirmed": "-1250"}
    assert adjustments() == []
    assert post(support, CREATE, OURS, **again).status_code == 303
    assert len(adjustments()) == 1
    assert filled_in(support)["amount"] == "", "it is shown once"


def test_in_the_panel_one_signs_in_there_and_comes_to_the_form_s_page(support: FlaskClient) -> None:
    typed = filled_in(support) | TYPED
    end_sessions()
    answer = post(support, CREATE, OURS | PANEL, **typed)
    assert not answer.text.lstrip().startswith("<!doctype")
    form = fragment(answer, 401)
    form = fragment(sign_in(support, form, password="wrong", headers=PANEL), 422)
    answer = sign_in(support, form, headers=PANEL)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, NEW)
    assert filled_in(support)["amount"] == "12.50"


@pytest.mark.parametrize("headers", [{}, PANEL], ids=["page", "panel"])
def test_a_form_whose_token_ended_is_shown_again_as_it_was_typed(
    support: FlaskClient, headers: dict[str, str]
) -> None:
    typed = filled_in(support) | TYPED
    answer = support.post(CREATE, data=typed, headers=OURS | headers)
    assert (answer.location or answer.headers["HX-Redirect"]) == NEW
    soup = page(support.get(NEW))
    assert "The page was open for longer than your session." in text_of(soup)
    assert fields_of(soup.main.find("form"))["amount"] == "12.50"
    assert adjustments() == []


def test_a_form_that_lost_token_and_session_leads_to_signing_in(
    app: Flask, support: FlaskClient
) -> None:
    typed = filled_in(support) | TYPED
    client = browser_of(app)
    form = page(client.post(CREATE, data=typed, headers=OURS), 401)
    assert sign_in(client, form).location == NEW
    assert filled_in(client)["reason"] == REASON.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, OURS | {"Sec-Fetch-Site": "cross-site"}],
    ids=["unknown", "elsewhere", "cross-site"],
)
def test_what_another_site_sends_fills_in_nothing(
    app: Flask, support: FlaskClient, headers: dict[str, str]
) -> None:
    sent = TYPED | {"from_page": NEW}
    page(support.post(CREATE, data=sent, headers=headers), 400)
    client = browser_of(app)
    answer = client.post(CREATE, data=sent, headers=headers)
    assert "12.50" not in answer.text
    sign_in(client, page(answer, 401))
    assert filled_in(client)["amount"] == ""


def test_a_form_shown_again_with_an_error_still_knows_its_page(support: FlaskClient) -> None:
    typed = filled_in(support) | TYPED | {"amount": "many"}
    soup = page(post(support, CREATE, **typed), 422)
    assert fields_of(soup.main.find("form"))["from_page"] == NEW


def test_ticks_and_choices_come_back_too(admin: FlaskClient) -> None:
    typed = {"name": "metering", "slug": "acme", "scopes": ["usage:write", "syncs:read"]}
    sent = typed | {"from_page": "/api-tokens/new"}
    admin.post("/api-tokens", data=sent, headers=OURS)
    form = page(admin.get("/api-tokens/new")).main.find("form")
    ticked = {one["value"] for one in form.select("[name=scopes][checked]")}
    assert ticked == set(typed["scopes"])
    assert form.find(id="name")["value"] == "metering"


def test_on_a_page_of_several_forms_the_right_one_is_filled_in(
    admin: FlaskClient, people: People
) -> None:
    where = f"/people/{people.customer}"
    sent = {"organization": "other", "from_page": where}
    admin.post(f"{where}/memberships", data=sent, headers=OURS)
    soup = page(admin.get(where))
    assert soup.find(id="organization")["value"] == "other"
    assert soup.select_one("[name=role][checked]")["value"] == "customer"


def test_passwords_are_never_kept(customer: FlaskClient) -> None:
    sent = {"old_password": PASSWORD, "password": "new one", "again": "new one"}
    end_sessions()
    answer = customer.post(
        "/password/edit", data=sent | {"from_page": "/password/edit"}, headers=OURS
    )
    assert answer.status_code == 401
    assert PASSWORD not in answer.text
    assert "new one" not in answer.text


def test_who_goes_elsewhere_first_finds_an_empty_form(support: FlaskClient) -> None:
    support.post(CREATE, data=TYPED | {"from_page": NEW}, headers=OURS)
    page(support.get("/organizations"))
    assert filled_in(support)["amount"] == ""


@pytest.mark.parametrize("site", ["http://localhost", "http://localhost:8000"])
def test_a_poll_leads_back_to_the_page_and_not_to_itself(client: FlaskClient, site: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"{site}/organizations/acme?q=a%20b#x"}
    answer = client.get(LIVE, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/session/new?next=/organizations/acme?q%3Da%2520b"


def test_a_poll_from_elsewhere_leads_nowhere(client: FlaskClient) -> None:
    for elsewhere in ("https://evil.example/a", "//evil.example", "http://[", "javascript:1", ""):
        headers = {"HX-Request": "true", "HX-Current-URL": elsewhere}
        assert client.get(LIVE, headers=headers).headers["HX-Redirect"] == "/session/new"


def test_a_link_into_the_panel_leads_back_to_its_own_page(client: FlaskClient) -> None:
    headers = PANEL | {"HX-Current-URL": "http://localhost/organizations/acme"}
    answer = client.get(NEW, headers=headers)
    assert answer.headers["HX-Redirect"] == f"/session/new?next={NEW}"


def test_a_sign_in_form_that_was_open_for_too_long_keeps_who_and_where(
    app: Flask, people: People
) -> None:
    client = browser_of(app)
    sent = {"email": "support@example.com", "password": PASSWORD, "next": "/fleet"}
    answer = client.post("/session", data=sent)
    soup = page(answer, 400)
    assert "open for longer than your session" in text_of(soup)
    assert soup.find(id="email")["value"] == "support@example.com"
    assert PASSWORD not in answer.text
    assert sign_in(client, soup).location == "/fleet"


def test_a_form_for_who_has_no_session_begins_anew(client: FlaskClient, people: People) -> None:
    sent = {"name": "Ada", "from_page": "/invitation?secret=abc"}
    answer = client.post("/invitation", data=sent, headers=OURS)
    assert answer.location == "/invitation?secret=abc"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil",
        "https://evil.example", "javascript:alert(1)", "evil", "", " /a", "/\t/evil.example",
        "/\r\nSet-Cookie: a=b", "/\x00", "/" + "a" * 2000, "data:text/html,a", "/\u202e",
    ],
)  # fmt: skip
def test_no_address_leads_to_another_host(app: Flask, elsewhere: str) -> None:
    with app.test_request_context():
        assert local_address(elsewhere) is None
        assert Typed.read(json.dumps([elsewhere, []])) is None


@pytest.mark.parametrize(
    "path", ["/", "/organizations?q=a%20b&page=2", "/a/../b", "/@a", "/?u=//a"]
)
def test_a_path_of_this_host_leads_there(app: Flask, path: str) -> None:
    with app.test_request_context():
        assert local_address(path) == path


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "[1, []]", '["/"]', '["/", 1]', '["/", [1]]', '["/", [["a"]]]', "[" * 20_000,
     json.dumps(["/", [["a", "b" * MOST_CHARACTERS]]])],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_kept_form_is_none(app: Flask, text: str) -> None:
    with app.test_request_context():
        assert Typed.read(text) is None


def test_a_kept_form_can_be_stored_whatever_it_holds(app: Flask) -> None:
    with app.test_request_context():
        kept = Typed.read(json.dumps(["/", [["a\x00", "\ud800"], [1, None]]]))
    assert kept == Typed("/", [("a\ufffd", "\ufffd"), ("1", "None")])


def test_whose_address_is_too_long_to_be_led_back_to_signs_in_and_comes_home(
    client: FlaskClient, people: People
) -> None:
    answer = client.get("/organizations?q=" + "a" * 7000)
    assert (answer.status_code, answer.location) == (303, "/session/new")
    assert (
        client.get("/organizations?q=acme").location == "/session/new?next=/organizations?q%3Dacme"
    )
