"""The end of everybody's month at once: all are sealed, or due, and wait for their turn."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.fleet import fleet_counts
from dashboard.sync.request import abandoned_runs, due_for_sync, due_to_finalize
from jobs.syncs import MOST
from tests.plans.bounds import Bound
from tests.plans.conftest import lent
from tests.support.explained import explained
from tests.support.many import Many
from tests.support.services import Worker

# Half of the organizations are sealed, half are due; a run of each waits in a queue.
CLOSE = """
update invoices set status = 'sealed', sealed_at = now() - id % 900 * interval '1 second',
    next_sync_at = null where status = 'draft' and organization_id % 2 = 0;
update invoices set next_sync_at = now() - interval '1 minute' where status = 'draft';
insert into sync_runs (organization_id, invoice_id, trigger, verify, state, actor_kind,
        actor_label, findings, lines_added, lines_changed, lines_removed, calls_planned,
        calls_made, attempts, created_at)
    select organization_id, id, case status when 'sealed' then 'final' else 'scheduled' end, true,
        'queued', 'system', 'clock', '[]', 0, 0, 0, 0, 0, 0, now()
    from invoices where status in ('draft', 'sealed') on conflict do nothing;
analyze invoices;
analyze sync_runs;
"""


@pytest.fixture(scope="module")
def closing(services: Worker, many: Many) -> Iterator[Flask]:
    """The application on a database in which all of them are closed at once."""
    with lent(services, many, "closing") as app:
        with app.app_context():
            url = db.engine.url.set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as own:
            own.execute("set session_replication_role = replica")
            for statement in filter(str.strip, CLOSE.split(";\n")):
                own.execute(statement.encode())
        yield app


ASKED: dict[str, tuple[Callable[[], object], int, int]] = {
    # Each in line is passed by at three looks into an index: a few hundredths of a second.
    "due_to_finalize": (lambda: due_to_finalize(now=utc_now(), most=MOST), 2000, 1800),
    "due_for_sync": (lambda: due_for_sync(now=utc_now(), most=MOST), 2000, 1800),
    "abandoned_runs": (lambda: abandoned_runs(now=utc_now(), most=MOST), 2500, 0),
    # Dead versions of the rows are passed by until they are vacuumed: 7,900 to 9,100 by chance.
    "fleet_counts": (lambda: fleet_counts(now=utc_now()), 11_000, 0),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_the_clock_asks_meanwhile(asked: str, many: Many, closing: Flask) -> None:
    ask, most, per_thousand = ASKED[asked]
    with closing.app_context(), explained(db.engine) as plans:
        ask()
        db.session.rollback()
    Bound(f"{asked} in a large close", most, per_thousand).check(plans, many)
