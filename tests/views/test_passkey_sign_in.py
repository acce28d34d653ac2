"""What a passkey answered signs in once, whoever else has a copy of it."""

import pytest
from flask import Flask

from dashboard.accounts.factors.passkeys import Place, keep_passkey, options_to_add
from dashboard.accounts.models import User
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.pages import page, post
from tests.people import Browser, People, browser_of
from tests.support.authenticator import Device

ORIGIN = "http://localhost:8000"


def with_device(user_id: int) -> Device:
    """Return a device that counts nothing, as most of today's, with a passkey of the user."""
    device, here = Device(origin=ORIGIN), Place(ORIGIN)
    with transaction():
        user = db.session.get_one(User, user_id)
        options, challenge = options_to_add(user, here)
        answer = device.create(options)
        keep_passkey(user, answer, "Telephone", challenge=challenge, place=here, now=utc_now())
    device.count = -1
    return device


def is_inside(client: Browser) -> bool:
    """Whether the list of organizations is shown."""
    return client.get("/organizations").status_code == 200


def answered(client: Browser, device: Device) -> str:
    """Ask for the sign-in page; return what the device answers to it."""
    shown = page(client.get("/session/new", base_url=ORIGIN))
    form = shown.find("form", attrs={"action": "/session/passkeys"})
    assert form is not None
    return device.get(str(form["data-options"]))


def test_a_copy_of_the_answer_and_of_the_cookie_signs_nobody_in(app: Flask, people: People) -> None:
    device, mine, thief = with_device(people.support), browser_of(app), browser_of(app)
    answer = answered(mine, device)
    cookie = mine.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    assert post(mine, "/session/passkeys", credential=answer).status_code == 303
    assert is_inside(mine)
    assert post(thief, "/session/passkeys", credential=answer).location == "/session/new"
    assert not is_inside(thief)


def test_where_only_the_provider_signs_in_no_passkey_does(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, client = with_device(people.support), browser_of(app)
    answer = answered(client, device)
    monkeypatch.setattr(app.extensions["config"], "password_sign_in", False)
    shown = page(client.get("/session/new", base_url=ORIGIN))
    assert shown.find("form", attrs={"action": "/session/passkeys"}) is None
    assert post(client, "/session/passkeys", credential=answer).status_code == 409
    assert not is_inside(client)
