"""Who has a second factor shows it after the first step, and who needs one sets it up first."""

import json
from secrets import token_urlsafe

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.factors.recovery import renew_recovery_codes
from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.people import set_password
from dashboard.accounts.reset import reset_token
from dashboard.accounts.sign_in import actor_of
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.links import signing_keys
from dashboard.transaction import transaction
from dashboard.views.second_step import LIFE_SECONDS
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, signed_in
from tests.support.second_step import code, have_app

STEP = "/session/second-step"
NEW = {"password": "several other words", "again": "several other words"}


@pytest.fixture
def with_app(app: Flask, people: People) -> People:
    """The people, of whom support has an app."""
    have_app(people.support)
    return people


@pytest.fixture
def demanding(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Support and admins have to show a second factor."""
    monkeypatch.setattr(app.extensions["config"], "second_factor_roles", "support, admin")


def first_step(client: FlaskClient, wanted: str = "/fleet"):  # type: ignore[no-untyped-def]
    """Enter the password of support."""
    fields = {"email": "support@example.com", "password": PASSWORD, "next": wanted}
    return post(client, "/session", **fields)


def is_inside(client: FlaskClient) -> bool:
    """Whether the list of organizations is shown."""
    return client.get("/organizations").status_code == 200


def test_the_password_alone_lets_nobody_in(client: FlaskClient, with_app: People) -> None:
    assert first_step(client).location == STEP
    assert not is_inside(client)
    assert post(client, STEP, code=code()).location == "/fleet"
    assert is_inside(client)
    assert "a password and an app code" in text_of(page(client.get("/sessions")))


def test_what_was_typed_before_signing_in_is_there_after_both_steps(
    client: FlaskClient, with_app: People
) -> None:
    where = "/organizations/acme/adjustments/new"
    typed = json.dumps([where, [["amount", "12.50"]]])
    fields = {"email": "support@example.com", "password": PASSWORD, "typed": typed}
    assert post(client, "/session", **fields).location == STEP
    assert post(client, STEP, code=code()).location == where
    assert page(client.get(where)).find(id="amount")["value"] == "12.50"


def test_the_cookie_has_room_for_what_was_wanted_and_typed(
    client: FlaskClient, with_app: People
) -> None:
    where = "/organizations/acme/adjustments/new"
    typed = json.dumps([where, [["reason", token_urlsafe(1080)]]])
    wanted = "/organizations?q=" + token_urlsafe(1300)
    fields = {"email": "support@example.com", "password": PASSWORD, "typed": typed, "next": wanted}
    answer = post(client, "/session", **fields)
    assert answer.location == STEP
    assert all(len(one) < 4000 for one in answer.headers.getlist("Set-Cookie"))
    assert post(client, STEP, code=code()).location == where


def test_a_recovery_code_lets_in_once(client: FlaskClient, with_app: People) -> None:
    with transaction():
        user = db.session.get_one(User, with_app.support)
        [first, *_] = renew_recovery_codes(user, now=utc_now())
    first_step(client)
    assert post(client, STEP, code=first).status_code == 303
    assert is_inside(client)
    post(client, "/session/delete")
    first_step(client)
    assert "wrong or already used" in text_of(page(post(client, STEP, code=first), 422))
    assert not is_inside(client)


def test_a_code_counts_once(app: Flask, client: FlaskClient, with_app: People) -> None:
    typed = code()
    first_step(client)
    post(client, STEP, code=typed)
    other = browser_of(app)
    first_step(other)
    assert post(other, STEP, code=typed).status_code == 422
    assert not is_inside(other)


def test_codes_are_not_tried_for_long_from_however_many_places(
    app: Flask, with_app: People
) -> None:
    answers = []
    for number in range(8):
        client = browser_of(app)
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        first_step(client)
        answers.append(post(client, STEP, code="000000").status_code)
    assert answers == [422] * 6 + [429] * 2


def test_without_the_first_step_there_is_no_second(client: FlaskClient, with_app: People) -> None:
    assert client.get(STEP).location == "/session/new"
    for address in (STEP, f"{STEP}/passkey"):
        assert post(client, address, code=code()).location == "/session/new"
    assert not is_inside(client)


def test_the_first_step_ends_after_ten_minutes(client: FlaskClient, with_app: People) -> None:
    first_step(client)
    with time_machine.travel(utc_now().timestamp() + LIFE_SECONDS + 1, tick=False):
        assert post(client, STEP, code=code()).location == "/session/new"


def test_a_new_password_ends_a_first_step_that_was_taken(
    client: FlaskClient, with_app: People
) -> None:
    first_step(client)
    with transaction():
        user = lock_user(with_app.support)
        assert user is not None
        set_password(user, "several other words", actor=actor_of(user), now=utc_now())
    assert post(client, STEP, code=code()).location == "/session/new"
    assert not is_inside(client)


def test_a_link_for_a_password_is_one_step_too(
    app: Flask, client: FlaskClient, with_app: People
) -> None:
    user = db.session.get_one(User, with_app.support)
    secret = reset_token(user, signing_keys())
    assert post(client, "/password", secret=secret, **NEW).location == STEP
    assert not is_inside(client)
    post(client, STEP, code=code())
    assert is_inside(client)


def test_made_up_answers_of_passkeys_are_none(client: FlaskClient, with_app: People) -> None:
    first_step(client)
    for answer in ("", "null", '{"id": 1}', '{"rawId": "AA", "response": {}}', "\x7f"):
        assert post(client, f"{STEP}/passkey", credential=answer).status_code == 422
        client.get(STEP)
        refused = post(client, "/session/passkeys", credential=answer)
        assert refused.location.startswith("/session/new")
    assert not is_inside(client)


def test_who_needs_a_factor_is_led_to_it_before_anything_else(
    app: Flask, people: People, demanding: None
) -> None:
    support = signed_in(app, people.support)
    for address in ("/organizations", "/", "/password/edit", "/fleet"):
        assert support.get(address).location == "/factors"
    assert "Your role needs a second factor" in text_of(page(support.get("/factors")))
    polled = support.get("/fleet", headers={"HX-Request": "true"})
    assert (polled.status_code, polled.headers["HX-Redirect"]) == (403, "/factors")
    assert post(support, "/organizations/acme/syncs").location == "/factors"
    page(support.get("/sessions"))
    assert is_inside(signed_in(app, people.customer)) is False
    assert signed_in(app, people.customer).get("/organizations/acme").status_code == 200
    assert post(support, "/session/delete").status_code == 303


def test_setting_up_an_app_opens_the_rest_and_shows_recovery_codes_once(
    app: Flask, people: People, demanding: None
) -> None:
    support = signed_in(app, people.support)
    shown = page(support.get("/factors/app/new"))
    secret = shown.select_one(".identifier code").get_text(strip=True)
    wrong = page(post(support, "/factors/app", code="000000"), 422)
    assert "Check the clock of its phone" in text_of(wrong)
    assert secret in text_of(wrong)
    answer = page(post(support, "/factors/app", code=pyotp.TOTP(secret).at(utc_now())), 201)
    assert len(answer.select(".recovery-codes li")) == 10
    assert is_inside(support)
    listed = text_of(page(support.get("/factors")))
    assert "10 unused" in listed
    assert "Add another first" in text_of(page(post(support, "/factors/app/delete"), 409))


def test_an_older_session_shows_the_factor_before_it_changes_any(
    app: Flask, with_app: People
) -> None:
    older = signed_in(app, with_app.support)
    assert is_inside(older)
    assert older.get("/factors").location == STEP
    assert post(older, "/factors/app/delete").location == STEP
    assert factors_of(with_app.support)
    assert post(older, STEP, code=code()).status_code == 303
    assert "required at sign-in" in text_of(page(older.get("/factors")))
    assert post(older, "/factors/app/delete").status_code == 303
    assert not factors_of(with_app.support)


def test_new_recovery_codes_need_a_factor(app: Flask, people: People) -> None:
    assert post(signed_in(app, people.support), "/factors/recovery-codes").status_code == 409


def test_an_admin_resets_the_factors_of_who_lost_them(
    app: Flask, admin: FlaskClient, with_app: People
) -> None:
    inside = signed_in(app, with_app.support, factor="app")
    where = f"/people/{with_app.support}"
    assert "an authenticator app" in text_of(page(admin.get(where)))
    post(admin, f"{where}/factor-resets")
    assert not is_inside(inside)
    assert "Reset second factors" not in text_of(page(admin.get(where)))
    client = browser_of(app)
    assert first_step(client).location == "/fleet"


def test_the_only_admin_gets_back_in_by_a_command(app: Flask, people: People) -> None:
    have_app(people.admin)
    result = app.test_cli_runner().invoke(args=["people", "reset-factors", "admin@example.com"])
    assert (result.exit_code, "now has no second factor" in result.output) == (0, True)
    assert not factors_of(people.admin)
