"""A guesser gets a few tries, however many at once, and locks nobody out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.pages import post
from tests.people import PASSWORD, People, browser_of, signed_in

PARALLEL = 24
NEW = "four words make one"


def enter(client: FlaskClient, email: str, password: str) -> int:
    """Send the sign-in form; return the status of the answer."""
    return post(client, "/session", email=email, password=password).status_code


def guess(app: Flask, number: int, email: str | None = None, address: str = "198.51.100.7") -> int:
    """Enter a wrong password from a browser of nobody's."""
    client = browser_of(app)
    client.environ_base["REMOTE_ADDR"] = address
    return enter(client, email or f"nobody-{number}@example.com", "wrong")


def test_many_guesses_at_once_get_no_more_tries_than_one_after_the_other(
    app: Flask, people: People
) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = range(PARALLEL)
        answers = list(
            pool.map(lambda n: guess(app, n, "admin@example.com", f"198.51.100.{n}"), asked)
        )
    assert (answers.count(422), answers.count(429)) == (6, PARALLEL - 6)


def test_many_guesses_at_many_people_are_stopped_by_address(app: Flask, people: People) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: guess(app, n), range(PARALLEL)))
    assert (answers.count(422), answers.count(429)) == (20, PARALLEL - 20)


@pytest.mark.parametrize("address", ["198.51.100.7", "203.0.113.1"])
def test_who_signed_in_before_is_not_locked_out_by_a_guesser(
    app: Flask, people: People, address: str
) -> None:
    known = browser_of(app)
    known.environ_base["REMOTE_ADDR"] = address
    assert enter(known, "admin@example.com", PASSWORD) == 303
    post(known, "/session/delete")
    for number in range(7):
        guess(app, number, "admin@example.com")
    unknown = browser_of(app)
    assert enter(unknown, "admin@example.com", PASSWORD) == 429
    assert enter(known, "admin@example.com", PASSWORD) == 303


def test_a_known_device_is_known_for_its_own_e_mail_only_and_gets_as_many_tries(
    app: Flask, people: People
) -> None:
    known = browser_of(app)
    enter(known, "support@example.com", PASSWORD)
    post(known, "/session/delete")
    tries = [enter(known, "admin@example.com", "wrong") for _ in range(7)]
    assert tries == [422] * 6 + [429]
    tries = [enter(known, "support@example.com", "wrong") for _ in range(7)]
    assert tries == [422] * 6 + [429]


def test_a_made_up_device_is_no_device(app: Flask, people: People) -> None:
    client = browser_of(app)
    for made_up in ("", "x", "W10.x", "eyJhIjoxfQ.x"):
        client.set_cookie("device", made_up)
        assert enter(client, "support@example.com", PASSWORD) == 303
        post(client, "/session/delete")


def test_secrets_are_not_guessed_many_at_once(app: Flask, people: People) -> None:
    def ask(number: int) -> int:
        return browser_of(app).get(f"/invitation?secret=guess-{number}").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(PARALLEL)))
    assert (answers.count(404), answers.count(429)) == (20, PARALLEL - 20)


def test_a_device_of_ones_own_gives_no_more_tries_at_the_password_of_an_open_session(
    app: Flask, people: People
) -> None:
    left_open = browser_of(app)
    enter(left_open, "admin@example.com", PASSWORD)

    def guess_old(number: int) -> int:
        own = browser_of(app)
        enter(own, "support@example.com", PASSWORD)
        cookie = own.get_cookie("device")
        assert cookie is not None
        left_open.set_cookie("device", cookie.value)
        told = {"old_password": f"wrong {number}", "password": NEW, "again": NEW}
        address = "/password/edit"
        return post(left_open, address, email="support@example.com", **told).status_code

    answers = [guess_old(number) for number in range(PARALLEL)]
    assert answers == [422] * 6 + [429] * (PARALLEL - 6)


def test_the_password_of_an_open_session_is_not_guessed_from_many_places(
    app: Flask, people: People
) -> None:
    stolen = signed_in(app, people.admin)
    answers = []
    for number in range(8):
        stolen.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        told = {"old_password": f"wrong {number}", "password": NEW, "again": NEW}
        answers.append(post(stolen, "/password/edit", **told).status_code)
    assert answers == [422] * 6 + [429] * 2


def test_one_mailbox_typed_in_many_ways_is_one_aim(app: Flask, people: People) -> None:
    ways = ["admin@example.com", "ADMIN@example.com", "admin@\uff45xample.com"] * 3
    answers = [guess(app, n, way, f"198.51.100.{n}") for n, way in enumerate(ways)]
    assert answers == [422] * 6 + [429] * 3


def test_all_addresses_of_one_subscriber_are_one(app: Flask, people: People) -> None:
    answers = [
        guess(app, number, address=f"2001:db8:1:2:{number:x}::{number:x}") for number in range(24)
    ]
    assert answers == [422] * 20 + [429] * 4
    assert guess(app, 25, address="2001:db8:1:3::1") == 422


def test_a_port_that_a_proxy_tells_along_makes_no_other_caller(app: Flask, people: People) -> None:
    answers = [
        guess(app, number, address=f"198.51.100.7:{50_000 + number}") for number in range(21)
    ]
    assert answers == [422] * 20 + [429]


def test_what_was_right_costs_no_try(app: Flask, people: People) -> None:
    # Each from a browser that nobody knows: a known one would be counted by itself.
    tries = [enter(browser_of(app), "support@example.com", PASSWORD) for _ in range(21)]
    assert tries == [303] * 21
