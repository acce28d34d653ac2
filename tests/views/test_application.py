"""What this application leaves out of Flask's way through a request."""

from flask import Flask, session
from flask.testing import FlaskClient

from dashboard.views.application import Application
from tests.pages import page


def test_a_cookie_is_sent_only_when_the_session_changed(support: FlaskClient) -> None:
    page(support.get("/organizations/acme"))
    answer = support.get("/organizations/acme")
    assert "Set-Cookie" not in answer.headers
    assert {"HX-Request", "HX-Target", "Cookie"} <= set(answer.vary)


def test_a_session_of_another_key_is_none(app: Flask, support: FlaskClient) -> None:
    other = Application("other")
    other.secret_key = "another key altogether"
    other.add_url_rule("/", view_func=lambda: str(dict(session)))
    client = other.test_client()
    cookie = next(one for one in support._cookies.values() if one.key == "session")
    client.set_cookie("session", cookie.value)
    assert client.get("/").text == "{}"


def test_a_macro_knows_the_common_names(app: Flask) -> None:
    with app.test_request_context():
        template = app.jinja_env.from_string(
            '{% from "components/table.html" import table %}'
            '{% call table("A", ["B"]) %}{{ "1234"|quantity }}{{ icon("sync") }}{% endcall %}'
        )
        assert "1,234<svg" in template.render()
