"""Fixtures every test may ask for; the machinery is in tests/support."""

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from hypothesis import settings
from redis import Redis

from bin.setup import fonts, front_end, pages
from dashboard.app import create_app
from dashboard.extensions import db as database
from dashboard.views.sidebar import SidebarMemory
from dashboard.views.stripe_state import Known
from dashboard.wrong_tokens import WrongTokens
from tests.support.database import Cleaner, cleaner
from tests.support.environment import config
from tests.support.services import Services, Worker, are_lent, worker_services
from tests.support.stack import Stack, stack_directory, standing_stack, working

# For bin/mutants.py, which runs a property a thousand times: few examples, each time the same.
settings.register_profile(
    "mutants", max_examples=30, derandomize=True, database=None, deadline=None
)
# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
SERVICES = pytest.StashKey[Services]()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL and Redis, once, in the process that leads the session.

    And make what pages load, of the sources as they are now, and have the fonts of documents.
    """
    if "PYTEST_XDIST_WORKER" in os.environ or config.option.collectonly or are_lent():
        return
    fonts()
    front_end()
    pages()
    services = config.stash[SERVICES] = Services()
    services.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    if SERVICES in config.stash:
        config.stash[SERVICES].stop()


@pytest.fixture(scope="session")
def services() -> Worker:
    """The addresses of this process's own PostgreSQL database and Redis database."""
    return worker_services()


@pytest.fixture(scope="session")
def app(services: Worker) -> Iterator[Flask]:
    """The application on this process's databases."""
    built = create_app(config(services.database_url, services.redis_url))
    yield built
    with built.app_context():
        database.engine.dispose()
    built.extensions["redis"].close()


@pytest.fixture(scope="session")
def database_cleaner(services: Worker) -> Iterator[Cleaner]:
    """What empties this process's database."""
    with cleaner(services.database_url) as lent:
        yield lent


@pytest.fixture
def db(app: Flask, database_cleaner: Cleaner) -> Iterator[SQLAlchemy]:
    """A database without rows and an application context; tests really commit."""
    with app.app_context():
        yield database
        database.session.rollback()
        database.session.remove()
    database_cleaner.clean()


@pytest.fixture
def redis(app: Flask) -> Iterator[Redis]:
    """This process's Redis database, empty."""
    client: Redis = app.extensions["redis"]
    client.flushdb()
    # What the process remembers of it goes with it.
    app.extensions["known_of_stripe"] = Known()
    app.extensions["sidebar"] = SidebarMemory()
    app.extensions["wrong_tokens"] = WrongTokens(app.extensions["guesses"])
    yield client
    client.flushdb()


@pytest.fixture
def client(app: Flask, db: SQLAlchemy, redis: Redis) -> FlaskClient:
    """A browser without JavaScript, with nobody signed in."""
    return app.test_client()


@pytest.fixture(scope="session")
def stack(services: Worker, worker_id: str) -> Iterator[Stack]:
    """The Stripe simulator and the web as processes, for all tests of this process."""
    with standing_stack(services, stack_directory(worker_id)) as standing:
        yield standing


@pytest.fixture
def live_stack(stack: Stack, db: SQLAlchemy, redis: Redis) -> Iterator[Stack]:
    """The product as processes: empty stores, an empty simulator, and a worker of its own."""
    with working(stack) as lent:
        yield lent
