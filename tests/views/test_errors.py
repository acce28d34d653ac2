"""Refusals and failures, as pages and as fragments."""

from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from dashboard.accounts.permissions import permission
from dashboard.errors import Conflict
from dashboard.views.errors import WORDS, answer
from tests.pages import fragment, page, text_of
from tests.people import People

HTMX = {"HX-Request": "true", "HX-Target": "div#bill"}


def test_an_unknown_address_is_a_page_with_the_request_id(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": "abcdef123456"})
    words = text_of(page(answer, 404))
    assert "Nothing was changed" in words
    assert "abcdef123456" in words


def test_htmx_gets_a_fragment_that_is_read_aloud(support: FlaskClient) -> None:
    soup = fragment(support.get("/organizations/nobody", headers=HTMX), 404)
    assert soup.find("main") is None
    assert "no organization named nobody" in text_of(soup.find(attrs={"role": "alert"}))


def test_a_customer_is_refused_what_is_for_staff(customer: FlaskClient) -> None:
    assert "You may not do this" in text_of(page(customer.get("/organizations"), 403))


def test_a_refusal_of_the_product_is_shown_in_its_own_words(
    app: Flask, support: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    @permission("public")
    def refuse() -> str:
        raise Conflict("The invoice is sealed. Nothing was changed. Add it to the next one.")

    monkeypatch.setitem(app.view_functions, "fleet.show", refuse)
    assert "Add it to the next one." in text_of(page(support.get("/fleet"), 409))


@pytest.mark.parametrize("status", sorted(WORDS))
def test_every_status_says_what_was_not_changed_and_what_to_do(app: Flask, status: int) -> None:
    with app.test_request_context("/"):
        html, code, _headers = answer(status)
    assert code == status
    assert WORDS[status][1] in unescape(html)
    assert WORDS[status][2] in unescape(html)


def test_our_own_failure_is_a_page_that_tells_no_details(
    app: Flask, support: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    @permission("public")
    def fail() -> str:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.view_functions, "fleet.show", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    words = text_of(page(support.get("/fleet"), 500))
    assert "Your change was not made" in words
    assert "secret detail" not in words


def test_without_the_database_the_error_page_still_stands(
    support: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_args: object) -> None:
        raise OperationalError("select 1", {}, Exception("connection refused"))

    monkeypatch.setattr("dashboard.views.asking.load_reader", no_answer)
    words = text_of(page(support.get("/organizations"), 503))
    assert "A system we need is not answering" in words
    assert "connection refused" not in words


def test_a_form_that_a_proxy_gives_another_address_is_told_apart_from_an_old_one(
    client: FlaskClient, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    base = "https://localhost"
    form = page(client.get("/session/new", base_url=base))
    token = form.find("input", attrs={"name": "csrf_token"})["value"]
    # The port that the browser knows is lost on the way.
    came_from = {"Referer": "https://localhost:8443/session/new"}
    refused = client.post("/session", base_url=base, data={"csrf_token": token}, headers=came_from)
    assert "Host with its port" in text_of(page(refused, 400))
    lines = [one.msg for one in caplog.records if isinstance(one.msg, dict)]
    (said,) = (line for line in lines if line["event"] == "form_refused")
    assert (said["host"], said["came_from"]) == (
        "localhost", "localhost:8443"
    )  # fmt: skip
    assert "referrer" in said["reason"]
    old = client.post("/session", base_url=base, data={}, headers={"Referer": base})
    assert "longer than your session" in text_of(page(old, 400))
