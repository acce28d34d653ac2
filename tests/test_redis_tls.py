"""A Redis whose certificate a private authority signed: REDIS_URL names the authority."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisConnectionError

from dashboard.app import create_app
from dashboard.guesses import Guesses
from jobs.health import read_health
from jobs.syncs import sync_run
from tests.support.environment import config
from tests.support.services import Worker
from tests.support.tls import behind_tls, certificates


@pytest.fixture(scope="module")
def server(services: Worker, tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The tests' Redis by TLS: its address, and the certificate of who vouches for it."""
    authority, *own = certificates(tmp_path_factory.mktemp("certificates"))
    address = urlsplit(services.redis_url)
    number = parse_qs(address.query)["db"][0]
    with behind_tls(address.path, *own) as port:
        yield f"rediss://127.0.0.1:{port}/{number}", authority


def app_with(redis_url: str, services: Worker) -> Flask:
    """Return the application with that address of Redis."""
    return create_app(config(services.database_url, redis_url))


def test_queues_limits_and_guesses_reach_it(server, services: Worker, redis) -> None:
    address, authority = server
    app = app_with(f"{address}?ssl_ca_certs={authority}", services)
    with app.app_context():
        sync_run.push([1], "closing")
        queues = read_health(app.extensions["redis"]).queues
    assert sum(queue.jobs for queue in queues) == 1
    guesses: Guesses = app.extensions["guesses"]
    assert guesses.spend({"somebody": "1 per minute"}) is None
    assert guesses.spend({"somebody": "1 per minute"}) is not None
    assert redis.keys("LIMITS*")
    with app.extensions["limiter_of_stripe"].admitted("POST invoices"):
        pass


def test_one_that_nobody_vouches_for_is_not_spoken_with(server, services: Worker) -> None:
    address, _ = server
    app = app_with(address, services)
    with pytest.raises(RedisConnectionError, match="certificate verify failed"):
        app.extensions["redis"].ping()
