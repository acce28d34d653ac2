"""A job that ends its worker takes nobody along for long, and what was taken comes back at once.

Jobs do not run in a process of their own, so these are real pools with real deaths.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil  # type: ignore[import-untyped]
import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq.registry import FailedJobRegistry
from sqlalchemy import func, select, text

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from jobs.health import workers
from jobs.inbox import ring
from jobs.runtime import Task
from jobs.syncs import enqueue_runs
from tests.support import deadly
from tests.support.billing import make_bill, put
from tests.support.lives import arrive, events, life, sealed_bill
from tests.support.simulator import SimulatorControl
from tests.support.stack import Stack, working
from tests.support.waiting import CUT_OFF, waits_for_a_lock

pytestmark = pytest.mark.fault
POOL = 2


def wait_until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so; fail when it takes too long."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to an end"
        time.sleep(0.1)


@pytest.fixture
def deadly_stack(stack: Stack, db: SQLAlchemy, redis: Redis) -> Iterator[Stack]:
    """The product with a worker that also takes tasks which end it."""
    with working(stack, "tests.support.deadly_worker") as lent:
        yield lent


def children(stack: Stack) -> set[int]:
    """Return the processes of the pool's workers."""
    pool = psutil.Process(stack.processes["worker"].pid)
    return {child.pid for child in pool.children()}


@pytest.mark.parametrize("end", [deadly.segfaults, deadly.is_killed, deadly.hears_nothing])
def test_the_pool_replaces_a_worker_whose_job_ended_it_and_goes_on(
    deadly_stack: Stack, redis: Redis, end: Task[[]]
) -> None:
    wait_until(lambda: workers(redis) == POOL)
    before = children(deadly_stack)
    end.put(redis, "deadly", (), "scheduled")
    deadly.tells_its_process.push(())
    wait_until(lambda: redis.exists(deadly.DONE_BY) == 1)
    assert len(children(deadly_stack)) == POOL
    assert int(redis.get(deadly.DONE_BY) or 0) not in before
    assert "deadly" in FailedJobRegistry("scheduled", connection=redis).get_job_ids()
    wait_until(lambda: workers(redis) == POOL)


def test_syncs_that_a_killed_worker_had_begun_or_not_are_done_by_the_next_at_once(
    db: SQLAlchemy, live_stack: Stack, redis: Redis
) -> None:
    simulator = SimulatorControl(live_stack.simulator_url)
    bills = [make_bill(slug) for slug in ("acme", "globex", "initech")]
    for number, bill in enumerate(bills, start=1):
        put(bill, **{f"line-{number}": 100 * number})
    simulator.fault("hold_before", "/v1/customers$", method="POST", times=1)
    with transaction():
        runs = [request_sync(bill, Request("scheduled"), now=utc_now()) for bill in bills]
        enqueue_runs(runs)
    hold = simulator.wait_for_hold()
    [worker] = [one for one in children(live_stack) if is_busy(redis, one)]
    os.kill(worker, signal.SIGKILL)
    simulator.post(f"holds/{hold['id']}/release")

    def are_over() -> bool:
        db.session.rollback()
        return all(run.state == "succeeded" for run in runs)

    # No clock runs here, and a lease would stand for a minute.
    wait_until(are_over, seconds=40)
    assert simulator.get("audit")["ok"]
    simulator.close()


def test_events_that_a_killed_worker_had_taken_are_applied_by_the_next_at_once(
    db: SQLAlchemy, live_stack: Stack, redis: Redis
) -> None:
    slugs = [f"bill-{number}" for number in range(5)]
    for slug in slugs:
        sealed_bill(slug)
    arrive([one for slug in slugs for one in life(slug)])
    with db.engine.begin() as holder:
        # The batch is done but for its writing, which waits for this.
        holder.execute(text("lock table audit_entries in share mode"))
        ring()
        wait_until(lambda: waits_for_a_lock(db))
        [worker] = [one for one in children(live_stack) if is_busy(redis, one)]
        os.kill(worker, signal.SIGKILL)
        holder.execute(CUT_OFF)
    # No clock runs here, and a claim would stand for three minutes.
    wait_until(lambda: states() == {"processed"}, seconds=20)
    assert {one.attempts for one in events()} == {2}
    paid = select(func.count()).where(Invoice.status == "paid")
    assert db.session.scalar(paid) == len(slugs)


def states() -> set[str]:
    """Return the states of all events, as they are committed."""
    with transaction():
        return {one.state for one in events()}


def is_busy(redis: Redis, process: int) -> bool:
    """Whether the worker with that process id is in the midst of a job."""
    found = [
        redis.hmget(key, "pid", "state") for key in redis.keys("rq:worker:*") if is_hash(redis, key)
    ]
    return [str(process).encode(), b"busy"] in found


def is_hash(redis: Redis, key: bytes) -> bool:
    """Whether the key is a worker's own."""
    return redis.type(key) == b"hash"
