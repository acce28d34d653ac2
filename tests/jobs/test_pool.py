"""There is always one worker for clicks, and whoever follows a dead one knows its name."""

import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from rq.worker_pool import WorkerData

from jobs import pool
from jobs.pool import CLICKS, Pool, run_worker
from jobs.queues import QUEUES
from jobs.single import SingleWorker

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Described:
    """A process that is described and never started."""

    pid = 0

    def __init__(self, target: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.target, self.how = target, kwargs
        self.app, self.name, self.queues, self.dead = args


@pytest.fixture
def workers(app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool whose processes are only described."""
    monkeypatch.setattr(pool, "ForkProcess", Described)
    return Pool(app, workers=2)


def begin(workers: Pool, name: str) -> Described:
    """Let the pool begin one more worker, of that name."""
    process: Any = workers.get_worker_process(name, burst=True, logging_level="WARNING")
    workers.worker_dict[name] = WorkerData(name=name, pid=7, process=process)
    return process


def end(workers: Pool, name: str) -> None:
    """Let that worker die."""
    workers.handle_dead_worker(workers.worker_dict[name])


def test_it_has_the_workers_asked_for_and_one_for_clicks(workers: Pool) -> None:
    assert workers.num_workers == 3
    begun = [begin(workers, name) for name in ("a", "b", "c")]
    assert [one.queues for one in begun] == [CLICKS, QUEUES, QUEUES]


def test_a_worker_is_begun_as_the_pool_says(workers: Pool, app: Flask) -> None:
    one = begin(workers, "a")
    assert (one.target, one.app, one.name) == (run_worker, app, "a")
    assert one.how == {"burst": True, "logging_level": "WARNING"}


def test_only_the_one_for_clicks_is_followed_by_one_for_clicks(workers: Pool) -> None:
    for name in ("a", "b", "c"):
        begin(workers, name)
    end(workers, "b")
    assert begin(workers, "d").queues == QUEUES
    end(workers, "a")
    assert begin(workers, "e").queues == CLICKS


def test_who_follows_dead_workers_gives_their_work_back_and_nobody_does_it_twice(
    workers: Pool,
) -> None:
    assert begin(workers, "a").dead == []
    begin(workers, "b")
    begin(workers, "c")
    end(workers, "b")
    end(workers, "c")
    assert begin(workers, "d").dead == ["b", "c"]
    assert begin(workers, "e").dead == []


@pytest.fixture
def own_process() -> Iterator[None]:
    """What a worker changes of its process is as before for the tests that follow."""
    handlers = {one: signal.getsignal(one) for one in SIGNALS}
    state = random.getstate()
    yield
    random.setstate(state)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("own_process")
def test_a_worker_gives_back_what_the_dead_had_before_it_takes_anything(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []

    def work(self: SingleWorker, **how: object) -> None:
        done.append((self.name, self.queue_names(), self.connection.ping(), how))

    monkeypatch.setattr(SingleWorker, "work", work)
    monkeypatch.setattr(pool, "give_back", lambda app, dead: done.append((app, dead)))
    # The pool's own, which would stop the siblings too.
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    random.seed(7)
    of_the_pool = random.Random(7).random()  # noqa: S311  not secret
    try:
        run_worker(app, "d", CLICKS, ["b"], burst=True)
        assert app.extensions["worker"] == "d"
    finally:
        del app.extensions["worker"]
    assert done == [(app, ["b"]), ("d", list(CLICKS), True, {"burst": True})]
    assert {signal.getsignal(one) for one in SIGNALS} == {signal.SIG_DFL}
    # Two forks of one process would otherwise draw the same, and their repeats meet each time.
    assert random.random() != of_the_pool  # noqa: S311  not secret
