"""The whole examination, area by area; only one of them asks Stripe."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from dashboard.config import Config
from dashboard.doctor import configuration, database, provider, store, work
from dashboard.doctor.finding import Area, Finding, look
from dashboard.gateway.parsing import API_VERSION
from dashboard.gateway.reasons import calling_for
from dashboard.webhooks.handlers import ADDRESS, HANDLERS
from jobs.health import Health, read_health


def examine_here(app: Flask) -> list[Area]:
    """Return what is found without asking Stripe."""
    config: Config = app.extensions["config"]
    redis: Redis = app.extensions["redis"]
    health = _health(redis)
    alive = health.workers if health else 0
    return [
        Area("Configuration", list(configuration.findings(config))),
        Area("Database", list(database.findings(config, workers_alive=alive))),
        Area("Redis", list(store.findings(redis))),
        Area("Work", _work(health)),
    ]


def examine_stripe(app: Flask) -> Area:
    """Return what is found by asking Stripe: one read, of a few seconds at most."""
    with calling_for("doctor"):
        found = list(
            provider.findings(
                app.extensions["config"],
                app.extensions["page_gateway"],
                path=ADDRESS,
                types=HANDLERS.keys(),
                version=API_VERSION,
            )
        )
    return Area("Stripe", found)


def examine(app: Flask) -> list[Area]:
    """Return everything that is found."""
    return [*examine_here(app), examine_stripe(app)]


def _health(redis: Redis) -> Health | None:
    try:
        return read_health(redis)
    except RedisError:
        return None


def _work(health: Health | None) -> Sequence[Finding]:
    found: list[Finding] = []
    try:
        found.extend(work.findings(health))
    except SQLAlchemyError:
        found.append(look("webhook events", "unknown without the database", "See above."))
    return found
