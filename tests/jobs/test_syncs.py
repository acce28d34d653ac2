"""A run waits in the queue of its urgency, and comes to its end though its invoice is held."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import update
from structlog.testing import capture_logs

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.sync import lease
from dashboard.sync.broken import ALONE_FROM
from dashboard.sync.models import SyncRun
from dashboard.sync.request import PUT_OFF, Request, request_sync
from dashboard.transaction import commit, transaction
from jobs import syncs
from jobs.queues import QUEUES, queue_named
from jobs.syncs import enqueue_run, enqueue_runs, owner, stripe_is_down, sync_due, sync_run
from tests.support.billing import make_bill, put

# The queue that a run waits in, by what asked for it.
URGENCY = [
    ("support", "interactive"),
    ("final", "closing"),
    ("scheduled", "scheduled"),
    ("event", "scheduled"),
    ("bulk", "scheduled"),
]


@pytest.fixture
def bill(db: SQLAlchemy, redis: Redis) -> Invoice:
    """A draft with something to sync."""
    made = make_bill()
    put(made, a=100)
    return made


def requested(bill: Invoice, trigger: str = "scheduled") -> SyncRun:
    """Return a run that waits to be queued."""
    with transaction():
        return request_sync(bill, Request(trigger), now=utc_now())


def waiting(redis: Redis) -> dict[str, list[tuple[int, ...]]]:
    """Return the numbers of the jobs that wait, by queue."""
    by_queue = {name: [one.args for one in queue_named(name, redis).jobs] for name in QUEUES}
    return {name: jobs for name, jobs in by_queue.items() if jobs}


@pytest.mark.parametrize(("trigger", "queue"), URGENCY)
def test_a_run_waits_in_the_queue_of_its_urgency(
    bill: Invoice, redis: Redis, trigger: str, queue: str
) -> None:
    run = requested(bill, trigger)
    enqueue_run(run)
    assert waiting(redis) == {}
    commit()
    assert waiting(redis) == {queue: [(run.id,)]}


def test_runs_of_several_urgencies_wait_in_a_batch_for_each(redis: Redis, bill: Invoice) -> None:
    runs = [requested(bill, "final")]
    for number, trigger in enumerate(("support", "scheduled", "scheduled")):
        runs.append(requested(make_bill(f"other-{number}"), trigger))
    enqueue_runs(runs)
    commit()
    ids = [run.id for run in runs]
    assert waiting(redis) == {
        "interactive": [(ids[1],)],
        "closing": [(ids[0],)],
        "scheduled": [(ids[2], ids[3])],
    }


def test_a_run_that_may_have_ended_its_workers_goes_alone_and_the_others_go_together(
    redis: Redis, bill: Invoice
) -> None:
    deadly, *others = [requested(one) for one in (bill, make_bill("beta"), make_bill("gamma"))]
    deadly.interruptions = ALONE_FROM
    enqueue_runs([deadly, *others])
    commit()
    jobs = waiting(redis)["scheduled"]
    assert sorted(jobs) == [(deadly.id,), tuple(one.id for one in others)]


def test_in_the_last_moment_of_an_outage_nothing_is_handed_out_yet(
    app: Flask, bill: Invoice, redis: Redis
) -> None:
    circuit = app.extensions["limiter_of_stripe"].circuit
    redis.set(circuit._open, 8, px=900)
    assert stripe_is_down()
    redis.delete(circuit._open)
    assert not stripe_is_down()


def test_a_run_whose_invoice_another_worker_holds_waits_and_loses_nothing(
    bill: Invoice, redis: Redis
) -> None:
    run = requested(bill)
    with transaction():
        lease.take(bill.id, owner="another", now=utc_now())
    with capture_logs() as said:
        sync_run(run.id)
    assert [(one["event"], one["run_id"]) for one in said] == [("sync_waits", run.id)]
    assert (run.state, run.attempts) == ("queued", 0)


def test_a_worker_takes_leases_in_its_own_name(app: Flask, db: SQLAlchemy) -> None:
    """Freed by that name when it dies; outside of a worker the process has to do."""
    assert ":" in owner()
    app.extensions["worker"] = "worker-7"
    try:
        assert owner() == "worker-7"
    finally:
        del app.extensions["worker"]


def test_one_for_which_no_sync_can_be_requested_is_put_off_and_the_others_go(
    bill: Invoice, db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_bill("beta")
    put(other, a=100)
    now = utc_now()
    with transaction():
        db.session.execute(update(Invoice).values(next_sync_at=now))
    real = syncs.request_syncs

    def refuses(ids, request, **how):
        if bill.id in ids:
            raise ZeroDivisionError
        return real(ids, request, **how)

    monkeypatch.setattr(syncs, "request_syncs", refuses)
    with capture_logs() as said:
        sync_due()
    assert len(waiting(redis)["scheduled"]) == 1
    db.session.expire_all()
    assert bill.next_sync_at - now >= PUT_OFF
    assert bill.next_sync_at - now < PUT_OFF + timedelta(minutes=1)
    [told] = [one for one in said if one["event"] == "sync_not_requested"]
    assert told["invoice_id"] == bill.id
    assert isinstance(told["exc_info"], ZeroDivisionError)
