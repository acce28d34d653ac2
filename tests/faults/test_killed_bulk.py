"""A worker is killed in the midst of a bulk action: it goes on, and reaches every member once."""

import time
from collections.abc import Callable

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select, text, update

from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.clock import utc_now
from dashboard.sync.models import SyncLease, SyncRun
from dashboard.transaction import transaction
from jobs.bulk import carry_on_act, carry_on_acts
from jobs.syncs import sweep_runs
from tests.support.billing import make_bill, put
from tests.support.bulk import begun
from tests.support.simulator import SimulatorControl
from tests.support.stack import Stack
from tests.support.waiting import CUT_OFF, waits_for_a_lock

pytestmark = pytest.mark.fault
MANY = 30


def wait_until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so; fail when it takes too long."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come to an end"
        time.sleep(0.5)


def owners() -> list[int]:
    """Return organizations, each with something to tell Stripe."""
    bills = [make_bill(f"org-{number}") for number in range(MANY)]
    for number, one in enumerate(bills):
        # Its line has a name of its own: so the simulator's audit sees one that is there twice.
        put(one, **{f"fee_{number}": 100})
    return [one.organization_id for one in bills]


def number_of(db: SQLAlchemy, *conditions: object) -> int:
    """Return how many members are so, as it is committed."""
    db.session.rollback()
    return db.session.scalar(select(func.count(BulkMember.id)).where(*conditions)) or 0


def come_to_an_end(db: SQLAlchemy, act: BulkAction) -> None:
    """Do what the clock does until the act is over."""
    with transaction():
        # The time passes after which a killed worker's lease is anybody's.
        db.session.execute(update(SyncLease).values(expires_at=utc_now()))
        sweep_runs.enqueue()

    def is_over() -> bool:
        with transaction():
            carry_on_acts()
        db.session.rollback()
        db.session.refresh(act)
        return act.finished_at is not None

    wait_until(is_over)


def assert_each_once(db: SQLAlchemy, act: BulkAction, stack: Stack) -> None:
    """Check that each member was asked for one sync, and that Stripe has each line once."""
    assert (act.done, act.failed, act.asked, act.waiting) == (MANY, 0, 0, 0)
    runs = db.session.execute(
        select(SyncRun.invoice_id, func.count()).where(SyncRun.trigger == "bulk")
        .group_by(SyncRun.invoice_id)
    ).all()  # fmt: skip
    assert (len(runs), {number for _, number in runs}) == (MANY, {1})
    audited = SimulatorControl(stack.simulator_url).get("audit")
    assert (audited["duplicates"], audited["lines"]) == ([], MANY)


def test_a_worker_killed_in_a_slice_has_begun_all_of_it_or_nothing(
    db: SQLAlchemy, live_stack: Stack
) -> None:
    act = begun("sync", owners())
    with db.engine.begin() as holder:
        # The slice is done but for the entry of its syncs, which waits for this.
        holder.execute(text("lock table sync_runs in share mode"))
        with transaction():
            carry_on_act.enqueue(act.id)
        wait_until(lambda: waits_for_a_lock(db))
        live_stack.kill("worker")
        holder.execute(CUT_OFF)
    assert number_of(db, BulkMember.state == "waiting") == MANY
    live_stack.start_worker("second worker")
    come_to_an_end(db, act)
    assert_each_once(db, act, live_stack)


def test_a_worker_killed_while_it_syncs_leaves_the_rest_to_the_next(
    db: SQLAlchemy, live_stack: Stack
) -> None:
    act = begun("sync", owners())
    control = SimulatorControl(live_stack.simulator_url)
    control.fault("hold_before", "add_lines$", method="POST", times=1)
    with transaction():
        carry_on_act.enqueue(act.id)
    hold = control.wait_for_hold()
    live_stack.kill("worker")
    control.post(f"holds/{hold['id']}/release")
    assert number_of(db, BulkMember.state == "asked") > 0
    live_stack.start_worker("second worker")
    come_to_an_end(db, act)
    assert_each_once(db, act, live_stack)
