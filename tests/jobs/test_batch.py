"""The clock's work goes in batches; one that fails does not stop the others."""

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select, text

from dashboard.billing.close import close
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.gateway.circuit import FAILURES
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import commit, transaction
from jobs.batch import SIZE, enqueue_each, in_batches, in_parallel, run_each
from jobs.cycles import roll_one, seal_due
from jobs.queues import queue_named
from jobs.runtime import Task, somebody_waits
from jobs.syncs import sweep_runs, sync_due, sync_run
from tests.support.billing import make_bill, put
from tests.support.working_off import rename


def test_one_that_fails_is_alone_in_failing(db: SQLAlchemy, redis: Redis) -> None:
    first, second = (make_bill(slug).organization_id for slug in ("one", "two"))
    in_parallel(Task(rename, queue="scheduled", timeout=5), [first, -1, second])
    names = db.session.scalars(select(Organization.name).execution_options(populate_existing=True))
    assert list(names) == ["Changed", "Changed"]


@pytest.mark.parametrize(
    ("own", "waiting", "gives_way"),
    [
        ("scheduled", "webhooks", True),
        ("scheduled", "interactive", True),
        ("scheduled", "closing", True),
        ("scheduled", "scheduled", False),
        ("scheduled", "maintenance", False),
        ("closing", "interactive", True),
        ("closing", "closing", False),
        ("closing", "scheduled", False),
    ],
)
def test_a_batch_gives_way_to_what_is_more_urgent_and_to_nothing_else(
    db: SQLAlchemy, redis: Redis, own: str, waiting: str, gives_way: bool
) -> None:
    sync_run.push([1], waiting)
    assert somebody_waits(own) is gives_way


def test_what_a_batch_had_not_begun_goes_back_to_its_queue(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.batch.GIVES_WAY_AFTER_SECONDS", 0)
    ids = [make_bill(slug).organization_id for slug in ("one", "two")]
    renaming = Task(rename, queue="scheduled", timeout=5)
    in_batch = Task(rename, queue="scheduled", timeout=5)
    sync_run.push([1], "interactive")
    run_each(in_batch, renaming, ids)
    assert "Changed" not in db.session.scalars(select(Organization.name)).all()
    [job] = queue_named("scheduled", redis).jobs
    assert list(job.args) == ids
    redis.delete(queue_named("interactive", redis).key)
    run_each(in_batch, renaming, ids)
    names = db.session.scalars(select(Organization.name).execution_options(populate_existing=True))
    assert list(names) == ["Changed", "Changed"]


def test_what_waits_in_a_queue_is_not_queued_again(db: SQLAlchemy, redis: Redis) -> None:
    batch, each = (Task(note, queue="scheduled", timeout=5) for note in (rename, roll_one.function))
    for ids in ([1, 2], [2, 3], [1, 3]):
        enqueue_each(batch, each, ids)
        commit()
    assert [job.args for job in queue_named("scheduled", redis).jobs] == [(1, 2), (3,)]


def test_batches_keep_the_order_and_lose_nobody() -> None:
    batches = list(in_batches(range(2 * SIZE + 1)))
    assert all(SIZE / 2 <= len(batch) <= SIZE for batch in batches[:-1])
    assert [one for batch in batches for one in batch] == list(range(2 * SIZE + 1))


def test_due_invoices_become_runs_in_one_job(db: SQLAlchemy, redis: Redis) -> None:
    for slug in ("one", "two", "three"):
        bill = make_bill(slug)
        put(bill, a=100)
        with transaction():
            bill.next_sync_at = bill.created_at
    sync_due()
    runs = db.session.scalars(select(SyncRun)).all()
    assert {(run.trigger, run.state) for run in runs} == {("scheduled", "queued")}
    [job] = queue_named("scheduled", redis).jobs
    assert sorted(job.args) == sorted(run.id for run in runs)


def test_a_second_tick_does_not_request_what_is_under_way(db: SQLAlchemy, redis: Redis) -> None:
    bill = make_bill()
    put(bill, a=100)
    with transaction():
        bill.next_sync_at = bill.created_at
    sync_due()
    sync_due()
    assert len(db.session.scalars(select(SyncRun)).all()) == 1


def test_sealing_hands_out_the_final_syncs_in_one_job(db: SQLAlchemy, redis: Redis) -> None:
    bills = [make_bill(slug) for slug in ("one", "two")]
    for bill in bills:
        put(bill, a=100)
        with transaction():
            close(bill, now=bill.period_end)
            bill.seal_after_at = bill.created_at
    seal_due()
    assert {db.session.get_one(Invoice, bill.id).status for bill in bills} == {"sealed"}
    runs = db.session.scalars(select(SyncRun).order_by(SyncRun.id)).all()
    assert [(run.trigger, run.verify) for run in runs] == [("final", True), ("final", True)]
    [job] = queue_named("closing", redis).jobs
    assert sorted(job.args) == [run.id for run in runs]


def test_a_bill_that_somebody_is_changing_does_not_hold_up_the_others(
    db: SQLAlchemy, redis: Redis
) -> None:
    bills = [make_bill(slug) for slug in ("one", "two")]
    for bill in bills:
        put(bill, a=100)
        with transaction():
            bill.next_sync_at = bill.created_at
    locked, free = (bill.id for bill in bills)
    with db.engine.connect() as somebody:
        somebody.execute(text("select 1 from invoices where id = :id for update"), {"id": locked})
        sync_due()
        assert db.session.scalars(select(SyncRun.invoice_id)).all() == [free]
        somebody.rollback()
    sync_due()
    assert sorted(db.session.scalars(select(SyncRun.invoice_id))) == sorted([locked, free])


@pytest.mark.parametrize("tick", [sync_due, sweep_runs], ids=lambda tick: tick.__name__)
def test_nothing_is_handed_out_while_stripe_is_down_and_all_of_it_afterwards(
    app: Flask, db: SQLAlchemy, redis: Redis, tick: Task[[]]
) -> None:
    bill = make_bill()
    put(bill, a=100)
    with transaction():
        bill.next_sync_at = bill.created_at
        if tick is sweep_runs:
            request_sync(bill, Request("scheduled"), now=utc_now())
    circuit = app.extensions["limiter_of_stripe"].circuit
    for _ in range(FAILURES):
        circuit.failed()
    runs_before = db.session.scalars(select(SyncRun.id)).all()
    tick()
    assert db.session.scalars(select(SyncRun.id)).all() == runs_before
    assert queue_named("scheduled", redis).count == 0
    circuit.succeeded()
    tick()
    assert queue_named("scheduled", redis).count == 1
    assert len(db.session.scalars(select(SyncRun.id)).all()) == 1
