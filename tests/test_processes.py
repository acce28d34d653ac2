"""How many connections to the database there are, of each kind of process and of all together."""

import pytest
from flask import Flask
from sqlalchemy import QueuePool, event, text
from sqlalchemy.exc import TimeoutError as NoneIsFree

from dashboard.app import create_app
from dashboard.extensions import db
from dashboard.processes import SCHEDULER, WEB, WORKER, Process, budget
from jobs.batch import THREADS, in_parallel
from jobs.runtime import Task
from tests.support.environment import config
from tests.support.services import Worker


def app_of(process: Process, services: Worker, **settings: int) -> Flask:
    """Return the application as a process of that kind has it."""
    built = config(services.database_url, services.redis_url).model_copy(update=settings)
    return create_app(built, process)


@pytest.mark.parametrize(
    ("process", "most"), [(WEB, 12), (WORKER, 7), (SCHEDULER, 3)], ids=lambda one: str(one)
)
def test_no_process_opens_more_than_its_share(
    services: Worker, process: Process, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(process, services, worker_connections=7)
    with app.app_context():
        assert isinstance(db.engine.pool, QueuePool)
        monkeypatch.setattr(db.engine.pool, "_timeout", 0.01)
        held = [db.engine.connect() for _ in range(most)]
        with pytest.raises(NoneIsFree):
            db.engine.connect()
        for connection in held:
            connection.close()
        db.engine.dispose()


def test_more_threads_than_connections_take_turns_and_none_fails(services: Worker) -> None:
    app = app_of(WORKER, services, worker_connections=2)
    done: list[int] = []

    def note(one: int) -> None:
        db.session.execute(text("select pg_sleep(0.005)"))
        done.append(one)

    with app.app_context():
        opened: list[object] = []
        event.listen(db.engine, "connect", lambda connection, _record: opened.append(connection))
        in_parallel(Task(note, queue="scheduled", timeout=60), range(THREADS * 4))
        assert sorted(done) == list(range(THREADS * 4))
        assert len(opened) == 2
        db.engine.dispose()


def test_the_server_is_told_whose_connection_it_is(services: Worker) -> None:
    app = app_of(WORKER, services)
    with app.app_context():
        assert db.session.scalar(text("show application_name")) == "billing worker"
        db.session.remove()
        db.engine.dispose()


def test_the_budget_counts_every_process_that_may_run(services: Worker) -> None:
    settings = {"web_processes": 2, "workers": 4, "worker_connections": 10}
    ours = config(services.database_url, services.redis_url).model_copy(update=settings)
    assert budget(ours) == {"web": 24, "workers": 50, "scheduler": 3, "commands": 4}
    assert budget(ours, workers_alive=12)["workers"] == 120


def test_what_is_set_by_default_leaves_room_in_a_server_as_it_comes(services: Worker) -> None:
    # PostgreSQL's hundred, three of which are kept for its superusers.
    assert sum(budget(config(services.database_url, services.redis_url)).values()) < 97
