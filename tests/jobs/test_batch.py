"""The clock's work goes in batches; one that fails does not stop the others."""

from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq import Queue
from sqlalchemy import select

from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from jobs.batch import SIZE, in_batches, in_parallel
from jobs.runtime import Task
from jobs.syncs import sync_due
from tests.support.billing import make_bill, put


def rename(organization_id: int) -> None:
    """Change one organization, or fail on one that does not exist."""
    database.session.get_one(Organization, organization_id).name = "Changed"


def test_one_that_fails_is_alone_in_failing(db: SQLAlchemy, redis: Redis) -> None:
    first, second = (make_bill(slug).organization_id for slug in ("one", "two"))
    in_parallel(Task(rename, queue="scheduled", timeout=5), [first, -1, second])
    names = db.session.scalars(select(Organization.name).execution_options(populate_existing=True))
    assert list(names) == ["Changed", "Changed"]


def test_batches_keep_the_order_and_lose_nobody() -> None:
    batches = list(in_batches(range(2 * SIZE + 1)))
    assert [len(batch) for batch in batches] == [SIZE, SIZE, 1]
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
    [job] = Queue("scheduled", connection=redis).jobs
    assert sorted(job.args) == sorted(run.id for run in runs)


def test_a_second_tick_does_not_request_what_is_under_way(db: SQLAlchemy, redis: Redis) -> None:
    bill = make_bill()
    put(bill, a=100)
    with transaction():
        bill.next_sync_at = bill.created_at
    sync_due()
    sync_due()
    assert len(db.session.scalars(select(SyncRun)).all()) == 1
