"""A database as a year of many organizations leaves it, made once for all plans that are read."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from dashboard.app import create_app
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import UserFactory
from tests.people import Browser, password_hash, signed_in
from tests.support.database import copy_database
from tests.support.environment import config
from tests.support.many import Many, asked_for, fill
from tests.support.services import Worker
from tests.support.template import TEMPLATE


@pytest.fixture(scope="session")
def many() -> Many:
    """How much there is."""
    return asked_for()


@pytest.fixture(scope="session")
def filled(services: Worker, many: Many) -> Iterator[Flask]:
    """The application on that database."""
    with lent(services, many, "plans") as app:
        yield app


@contextmanager
def lent(services: Worker, many: Many, name: str) -> Iterator[Flask]:
    """Lend the application on a filled database of that name."""
    base, _, query = services.database_url.partition("?")
    server, _, own = base.rpartition("/")
    copy_database(f"{server}/{{database}}?{query}", TEMPLATE, f"{own}_{name}")
    url = f"{server}/{own}_{name}?{query}"
    fill(url, many)
    app = create_app(config(url, services.redis_url))
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["redis"].close()


@pytest.fixture(scope="session")
def admin(filled: Flask) -> Browser:
    """A browser in which somebody is signed in who may see everything."""
    with filled.app_context(), transaction():
        user_id = UserFactory(
            email="admin@example.com", name="Ada", role="admin", password_hash=password_hash()
        ).id
    return signed_in(filled, user_id)
