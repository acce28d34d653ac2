"""A worker of this process."""

import signal
from collections.abc import Iterator
from math import inf

import pytest
from flask import Flask
from redis import Redis

from jobs import single
from jobs.queues import QUEUES
from jobs.single import SingleWorker


@pytest.fixture
def worker(app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[SingleWorker]:
    """A worker that has registered and waits for work."""
    # The process of the tests is its process: how large that has grown says nothing of it.
    monkeypatch.setattr(single, "MOST_MEMORY_MB", inf)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    made = SingleWorker(list(QUEUES), connection=redis, app=app)
    made.register_birth()
    yield made
    del app.extensions["worker"]
    for number, handler in handlers.items():
        signal.signal(number, handler)
