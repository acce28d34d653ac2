"""The application under test."""

from flask import Flask
from redis import Redis

from tests.support.environment import config
from tests.support.services import Worker
from tests.support.template import migrations_app

try:
    from dashboard.app import create_app
except ImportError:
    create_app = None  # type: ignore[assignment]


def build_app(services: Worker) -> Flask:
    """Return the application on these databases."""
    if create_app is None:
        app = migrations_app(services.database_url)
        app.extensions["redis"] = Redis.from_url(services.redis_url)
        app.extensions["config"] = config(services.database_url, services.redis_url)
        app.config["SECRET_KEY"] = "x" * 20
        return app
    return create_app(config(services.database_url, services.redis_url))
