"""The figures of the whole, noted every few minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.outcome import put_on_hold
from dashboard.extensions import db as database
from dashboard.trends.models import FleetSample
from dashboard.trends.sample import Machine, calls_percent, sample, samples
from dashboard.webhooks.models import WebhookEvent
from tests.people import bill_of, make_bill
from tests.support.queries import count_queries

NOW = datetime(2026, 11, 26, 14, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
IDLE = Machine(calls=0, calls_per_second=25, failed_jobs=0)


def noted(at: datetime = NOW, machine: Machine = IDLE) -> FleetSample:
    """Note the figures."""
    found = sample(machine, every=HOUR, now=at)
    database.session.flush()
    return found


def before(calls: int | None, minutes: int) -> FleetSample:
    """Return a sample of so many minutes ago."""
    return FleetSample(at=NOW - timedelta(minutes=minutes), calls=calls)


def test_a_quiet_installation_is_equal_and_within_its_interval(db: SQLAlchemy, redis) -> None:
    for slug in ("acme", "other"):
        bill_of(make_bill(slug)).next_sync_at = None
    one = noted()
    assert (one.organizations, one.unequal, one.equal_percent) == (2, 0, 100)
    assert (one.told_seconds, one.events_seconds) == (3600, None)


def test_what_is_late_on_hold_or_failing_is_counted_once(db: SQLAlchemy, redis) -> None:
    held, late, fine = (bill_of(make_bill(slug)) for slug in ("acme", "late", "fine"))
    held.next_sync_at = fine.next_sync_at = NOW + HOUR
    put_on_hold(held, "differs", "They differ.", now=NOW)
    held.sync_failures = 4
    late.next_sync_at, late.revision = NOW - timedelta(minutes=30), late.synced_revision + 1
    database.session.flush()
    one = noted()
    assert one.unequal == 2
    assert one.told_seconds == 3600 + 1800


def test_events_are_answered_within_what_most_of_them_took(db: SQLAlchemy) -> None:
    for number in range(100):
        took = 10 if number >= 95 else 1
        database.session.add(
            WebhookEvent(
                stripe_event_id=f"evt_{number}", type="a.b", payload={}, created_at=NOW,
                received_at=NOW - timedelta(minutes=1), state="processed",
                handled_at=NOW - timedelta(minutes=1) + timedelta(seconds=took),
            )
        )  # fmt: skip
    database.session.flush()
    assert noted().events_seconds == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize(
    ("calls", "earlier", "percent"),
    [
        (7500, before(0, 5), 100),
        (750, before(0, 5), 10),
        (5, before(10, 5), None),
        (100, before(None, 5), None),
        (None, before(0, 5), None),
        (100, None, None),
    ],
)
def test_calls_are_told_in_percent_of_what_could_have_been_sent(calls, earlier, percent) -> None:
    machine = Machine(calls=calls, calls_per_second=25, failed_jobs=0)
    assert calls_percent(machine, earlier, now=NOW) == percent


def test_the_day_s_count_begins_anew_at_midnight() -> None:
    midnight = datetime(2026, 11, 26, tzinfo=UTC)
    earlier = FleetSample(at=midnight - timedelta(minutes=3), calls=90_000)
    machine = Machine(calls=300, calls_per_second=25, failed_jobs=0)
    assert calls_percent(machine, earlier, now=midnight + timedelta(minutes=2)) == 10


def test_a_day_is_read_with_the_last_sample_before_it(db: SQLAlchemy) -> None:
    for hours in (30, 25, 23, 0):
        noted(NOW - timedelta(hours=hours))
    assert [one.at for one in samples(now=NOW)] == [NOW - timedelta(hours=h) for h in (25, 23, 0)]


def test_what_is_old_is_forgotten(db: SQLAlchemy) -> None:
    noted(NOW - timedelta(days=4))
    noted()
    assert database.session.scalars(select(FleetSample.at)).all() == [NOW]


def test_a_sample_is_as_many_statements_whatever_there_is(db: SQLAlchemy, redis) -> None:
    with count_queries(database.engine) as none:
        noted(NOW - HOUR)
    make_bill("acme")
    with count_queries(database.engine) as some:
        noted()
    assert some.count == none.count
