"""Monthly partitions of the usage records."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from dashboard.transaction import transaction
from dashboard.usage.partitions import ensure_partitions
from dashboard.usage.reported import ReportedRecord
from tests.factories import MeteredPriceFactory, make_organization, make_service
from tests.support.usage import record_batch

# A year of its own: partitions outlive the rows that a test leaves.
MARCH = datetime(2031, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_partitions_left(db):
    yield
    db.session.rollback()
    for name in partitions(db):
        db.session.execute(text(f"drop table {name}"))
    db.session.commit()


def partitions(db):
    query = text("""
        select inhrelid::regclass::text from pg_inherits
        where inhparent = 'usage_records'::regclass and inhrelid::regclass::text like '%_2031_%'
        order by 1
    """)
    return db.session.scalars(query).all()


def test_the_months_around_now_are_made_once(db):
    made = ensure_partitions(MARCH)
    assert made == [f"usage_records_2031_0{month}" for month in range(1, 7)]
    assert ensure_partitions(MARCH) == []
    assert ensure_partitions(MARCH + timedelta(days=31), months_ahead=3) == [
        "usage_records_2031_07"
    ]


def test_records_that_came_before_their_partition_are_moved_into_it(db):
    organization = make_organization(anchor=MARCH, now=MARCH)
    make_service(organization, MeteredPriceFactory(), now=MARCH)
    entries = [ReportedRecord("acme", "requests", f"k{n}", Decimal(1), MARCH) for n in range(3)]
    record_batch(entries, now=MARCH)
    db.session.commit()
    assert where(db) == {"usage_records_default": 3}

    ensure_partitions(MARCH)
    db.session.commit()

    assert where(db) == {"usage_records_2031_03": 3}
    assert record_batch(entries, now=MARCH).recorded == 0


def test_new_partitions_never_deadlock_with_other_work(app, db):
    organization = make_organization(anchor=MARCH, now=MARCH)
    make_service(organization, MeteredPriceFactory(), now=MARCH)
    entries = [ReportedRecord("acme", "requests", f"k{n}", Decimal(1), MARCH) for n in range(3)]
    record_batch(entries[:1], now=MARCH)
    db.session.commit()
    # Whoever changes an organization and then reads or writes usage.
    db.session.execute(text("update organizations set name = name"))

    def make():
        with app.app_context(), transaction():
            return len(ensure_partitions(MARCH))

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(make)
        wait_for_a_lock(db)
        record_batch(entries[1:], now=MARCH)
        db.session.commit()
        assert made.result() == 6
    assert where(db) == {"usage_records_2031_03": 3}


def wait_for_a_lock(db):
    """Wait until somebody waits for a lock."""
    waiting = text("select count(*) from pg_locks where not granted")
    with db.engine.connect() as other:
        for _ in range(200):
            if other.scalar(waiting):
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def where(db):
    rows = db.session.execute(
        text("select tableoid::regclass::text, count(*) from usage_records group by 1")
    )
    return dict(tuple(row) for row in rows)
