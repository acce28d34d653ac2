"""A Redis that takes connections and says nothing: pages wait for it seldom, and briefly."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from flask import Flask
from redis.exceptions import TimeoutError as NothingSaid

from dashboard.app import create_app
from dashboard.counting import PATIENCE
from dashboard.extensions import db as database
from dashboard.processes import WEB
from dashboard.views.sidebar import sidebar_counts
from dashboard.views.stripe_state import known_of_stripe
from tests.pages import page, post
from tests.people import PASSWORD, People, browser_of, signed_in
from tests.support.environment import config
from tests.support.services import Worker


@pytest.fixture
def web(services: Worker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The web beside such a Redis."""
    monkeypatch.setattr("dashboard.app.PATIENCE", dict.fromkeys(PATIENCE, 0.05))
    monkeypatch.setattr("dashboard.counting.PATIENCE", dict.fromkeys(PATIENCE, 0.05))
    with closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        built = create_app(config(services.database_url, url), WEB)
        yield built
        with built.app_context():
            database.engine.dispose()


def test_the_web_is_patient_for_a_second_and_workers_for_longer(services: Worker) -> None:
    for process, patience in ((WEB, 1.0), (None, 5.0)):
        settings = config(services.database_url, "redis://127.0.0.1:9/0")
        built = create_app(settings, process) if process else create_app(settings)
        connection = built.extensions["redis"].connection_pool.make_connection()
        assert connection.socket_timeout == patience


def test_it_can_serve_and_says_what_it_does_not_know(web: Flask) -> None:
    told = browser_of(web).get("/readyz")
    assert told.status_code == 200
    assert told.json is not None
    assert told.json["redis"].startswith("unreachable")
    assert told.json["queues"] == "unknown without Redis"


def test_pages_and_guesses_ask_it_once_in_a_while(
    web: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def say_nothing(*command: object, **_: object) -> None:
        asked.append(command)
        raise NothingSaid

    support = signed_in(web, people.support)
    told = {"email": "admin@example.com", "password": PASSWORD}
    with monkeypatch.context() as patched:
        patched.setattr("redis.Redis.execute_command", say_nothing)
        for _ in range(5):
            page(support.get("/organizations"))
        of_pages = len(asked)
        for _ in range(3):
            assert post(browser_of(web), "/session", **told).status_code == 303
    assert (of_pages, len(asked) - of_pages) == (1, 1), asked


def test_the_sidebar_does_not_ask_what_another_question_found_silent(
    web: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("redis.Redis.execute_command", lambda *command, **_: asked.append(command))
    with web.app_context():
        known_of_stripe().note_silence()
        assert sidebar_counts() == ()
    assert asked == []
