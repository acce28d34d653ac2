"""Eight workers, their clock and the web share six connections of PostgreSQL through a pooler."""

import time
from datetime import timedelta

import psycopg
import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import func, select, update

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from jobs.health import workers
from tests.people import make_bill
from tests.support.pooler import pooled
from tests.support.services import Worker
from tests.support.stack import new_stack, start_simulator, start_web

SHARED = 6
WORKERS = 8
ORGANIZATIONS = 40
PATIENCE_SECONDS = 90

pytestmark = pytest.mark.fault


def connections(database_url: str) -> set[int]:
    """Return the connections that PostgreSQL has from processes of the product."""
    with psycopg.connect(database_url) as own:
        found = own.execute(
            "select pid from pg_stat_activity where datname = current_database()"
            # Their names are handed on; the command is this test.
            " and application_name like 'billing %' and application_name <> 'billing command'"
        ).fetchall()
    return {int(pid) for (pid,) in found}


def test_a_fleet_is_synced_over_few_connections(
    services: Worker, db: SQLAlchemy, redis: Redis, tmp_path
) -> None:
    for number in range(ORGANIZATIONS):
        make_bill(f"org-{number}")
    with transaction():
        due = update(Invoice).values(next_sync_at=utc_now() - timedelta(seconds=1))
        database.session.execute(due)
    # Tests before this one may have left some to this process.
    others = connections(services.database_url)
    most = 0
    with pooled(services.database_url, tmp_path, size=SHARED) as url:
        stack = new_stack(Worker(url, services.redis_url), tmp_path)
        try:
            start_simulator(stack)
            start_web(stack)
            stack.start_worker(workers=WORKERS)
            stack.start("scheduler", "dashboard.scheduler")
            deadline = time.monotonic() + PATIENCE_SECONDS
            while left() and time.monotonic() < deadline:
                most = max(most, len(connections(services.database_url) - others))
                time.sleep(0.2)
            assert workers(redis) == WORKERS + 1
        finally:
            stack.stop()
    assert left() == 0, stack.log("worker").read_text()[-3000:]
    with transaction():
        states = set(database.session.scalars(select(SyncRun.state)))
    assert states == {"succeeded"}
    assert 1 < most <= SHARED


def left() -> int:
    """Return how many bills Stripe was not told of yet."""
    with transaction():
        query = select(func.count()).where(Invoice.revision > Invoice.synced_revision)
        return database.session.scalar(query) or 0
