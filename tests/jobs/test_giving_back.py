"""What a worker had when it died is given back by the one that follows it, and once."""

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq.job import Job
from structlog.testing import capture_logs

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.sync import lease
from dashboard.sync.models import SyncLease, SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import take
from jobs import giving_back
from jobs.giving_back import give_back
from jobs.queues import QUEUES, queue_named
from jobs.single import SingleWorker
from jobs.syncs import sync_batch, sync_run
from tests.support.billing import make_bill, put
from tests.support.events import event
from tests.support.lives import arrive, events, shown


@pytest.fixture
def dead(app: Flask, db: SQLAlchemy, redis: Redis) -> SingleWorker:
    """A worker that registered, and whose process is gone."""
    made = SingleWorker(list(QUEUES), name="dead", connection=redis, app=app)
    made.register_birth()
    del app.extensions["worker"]
    return made


@pytest.fixture
def held(db: SQLAlchemy, redis: Redis) -> SyncRun:
    """A run that the dead worker had begun, and the lease of its invoice."""
    bill = make_bill()
    put(bill, a=100)
    with transaction():
        run = request_sync(bill, Request("scheduled"), now=utc_now())
        run.state = "running"
        lease.take(bill.id, owner="dead", now=utc_now())
    return run


def taken(worker: SingleWorker, run_id: int) -> Job:
    """Return the job of a run, taken by the worker and begun."""
    sync_run.push([run_id])
    [job] = queue_named("scheduled", worker.connection).jobs
    worker.connection.delete(queue_named("scheduled", worker.connection).key)
    worker.prepare_execution(job)
    worker.connection.hset(job.key, "status", "started")
    return job


def test_a_run_of_a_dead_worker_is_free_and_queued_again_at_once(
    app: Flask, db: SQLAlchemy, redis: Redis, dead: SingleWorker, held: SyncRun
) -> None:
    job = taken(dead, held.id)
    with capture_logs() as said:
        give_back(app, ["dead"])
    db.session.expire_all()
    left = db.session.get_one(SyncLease, held.invoice_id)
    assert (left.owner, left.expires_at) == (None, None)
    [again] = queue_named("scheduled", redis).jobs
    assert (again.func_name, again.args) == (sync_batch.path, (held.id,))
    assert redis.hget(job.key, "status") == b"failed"
    told = {one["event"]: one for one in said}
    assert (told["worker_died"]["job"], told["worker_died"]["job_id"]) == (sync_run.path, job.id)
    assert {name: told["given_back"][name] for name in ("worker", "jobs", "leases", "events")} == {
        "worker": "dead",
        "jobs": 1,
        "leases": 1,
        "events": 0,
    }


def test_an_event_of_a_dead_worker_is_due_at_once(
    app: Flask, db: SQLAlchemy, redis: Redis, dead: SingleWorker
) -> None:
    [event_id] = arrive([event("invoice.paid", shown("nobody", "paid"))])
    with transaction():
        take(now=utc_now(), most=9, owner="dead")
    give_back(app, ["dead"])
    db.session.expire_all()
    [left] = events()
    assert (left.state, left.claimed_by) == ("received", None)
    assert [one.args for one in queue_named("webhooks", redis).jobs] == [(event_id,)]


def test_what_living_workers_have_stays_theirs(
    app: Flask, db: SQLAlchemy, redis: Redis, dead: SingleWorker, held: SyncRun
) -> None:
    other: Invoice = make_bill("beta")
    with transaction():
        lease.take(other.id, owner="alive", now=utc_now())
    give_back(app, ["dead"])
    db.session.expire_all()
    assert db.session.get_one(SyncLease, other.id).owner == "alive"


def test_a_worker_that_had_nothing_is_given_back_without_a_word(
    app: Flask, redis: Redis, dead: SingleWorker
) -> None:
    with capture_logs() as said:
        give_back(app, ["dead", "unknown"])
    assert said == []


def test_what_can_not_be_given_back_keeps_no_worker_from_its_start_and_no_other_from_its_own(
    app: Flask,
    db: SQLAlchemy,
    redis: Redis,
    dead: SingleWorker,
    held: SyncRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = giving_back.release_all_of

    def fails(name: str) -> int:
        if name == "broken":
            raise ZeroDivisionError
        return real(name)

    monkeypatch.setattr(giving_back, "release_all_of", fails)
    with capture_logs() as said:
        give_back(app, ["broken", "dead"])
    assert [(one["event"], one["worker"]) for one in said] == [
        ("giving_back_failed", "broken"),
        ("given_back", "dead"),
    ]
