"""`flask doctor`, and the same as a page."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from dashboard.doctor import command
from dashboard.doctor.finding import Area, look, mend, ok
from tests.pages import fragment, page, text_of
from tests.views.conftest import acme, admin, client, people, support

__all__ = ["acme", "admin", "client", "people", "support"]

WELL = [Area("Database", [ok("version", "PostgreSQL 15"), look("role", "it owns", "Change it.")])]
ILL = [*WELL, Area("Redis", [mend("redis", "unreachable", "Is it running?")])]


def run(app: Flask, areas: list[Area], monkeypatch: pytest.MonkeyPatch, *options: str):
    """Run the command where this is found."""
    monkeypatch.setattr(command, "examine", lambda _app: areas)
    return app.test_cli_runner().invoke(args=["doctor", *options])


def test_what_only_deserves_a_look_is_no_failure(app: Flask, monkeypatch) -> None:
    told = run(app, WELL, monkeypatch)
    assert told.exit_code == 0
    assert "look  role: it owns\n        Change it." in told.output
    assert told.output.endswith("Nothing needs a fix.\n")


def test_what_has_to_be_mended_is_a_failure_with_what_to_do(app: Flask, monkeypatch) -> None:
    told = run(app, ILL, monkeypatch)
    assert told.exit_code == 1
    assert "MEND  redis: unreachable\n        Is it running?" in told.output
    assert told.output.endswith("To fix: 1.\n")


def test_programs_read_the_same(app: Flask, monkeypatch) -> None:
    told = json.loads(run(app, ILL, monkeypatch, "--json").output)
    assert told["is_well"] is False
    (found,) = told["areas"][1]["findings"]
    assert found == {
        "name": "redis", "state": "mend", "seen": "unreachable", "to_do": "Is it running?",
    }  # fmt: skip


def test_it_examines_every_area_whatever_is_away(app: Flask, db, redis: Redis, monkeypatch) -> None:
    monkeypatch.setitem(app.extensions, "redis", Redis(port=9))
    told = json.loads(app.test_cli_runner().invoke(args=["doctor", "--json"]).output)
    names = [area["name"] for area in told["areas"]]
    assert names == ["Configuration", "Database", "Redis", "Work", "Stripe"]
    assert all(one["to_do"] for area in told["areas"] for one in area["findings"]
               if one["state"] != "ok")  # fmt: skip


def test_the_page_asks_stripe_only_once_it_is_there(admin: FlaskClient) -> None:
    shown = page(admin.get("/doctor"))
    assert "Configuration" in text_of(shown)
    assert shown.find("section", attrs={"hx-get": "/doctor/stripe"})
    assert shown.find("a", attrs={"href": "/doctor/stripe"})


def test_what_stripe_says_comes_as_a_part_or_as_a_whole_page(admin: FlaskClient) -> None:
    part = fragment(admin.get("/doctor/stripe", headers={"HX-Request": "true"}))
    # Nothing listens where these tests have Stripe.
    assert "answer" in text_of(part)
    whole = text_of(page(admin.get("/doctor/stripe")))
    assert "Configuration" in whole
    assert "answer" in whole
