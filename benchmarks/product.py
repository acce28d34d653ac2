"""The product to measure: the real application on a PostgreSQL and a Redis of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from dashboard.app import create_app
from dashboard.extensions import db
from tests.support.environment import config
from tests.support.services import Services, worker_services


@contextmanager
def product() -> Iterator[Flask]:
    """Lend an application with an empty, migrated database, its context pushed."""
    services = Services()
    services.start()
    try:
        own = worker_services()
        app = create_app(config(own.database_url, own.redis_url))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
    finally:
        services.stop()
