"""A changed row is written by a statement kept for that, or by the session where it must be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import DataError

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.row_change import write_change
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.support.queries import count_queries


@pytest.fixture
def invoice(db: SQLAlchemy) -> Invoice:
    """A draft."""
    with transaction():
        organization = make_organization()
    return current_invoice(organization)


@pytest.fixture
def run(invoice: Invoice) -> SyncRun:
    """A sync of it that waits."""
    with transaction():
        return request_sync(invoice, Request("support"), now=utc_now())


def as_stored(db: SQLAlchemy, column: object) -> object:
    """Return a column's value of the only row."""
    return db.session.connection().execute(select(column)).scalar_one()  # type: ignore[call-overload]  # any column


def test_what_changed_is_written_at_once_and_nothing_waits(
    db: SQLAlchemy, invoice: Invoice
) -> None:
    later = utc_now() + timedelta(days=1)
    invoice.next_sync_at, invoice.sync_failures = later, 3
    # Set, and not changed.
    invoice.currency = str(invoice.currency)
    with count_queries(db.engine) as queries:
        write_change(invoice)
        db.session.flush()
    assert queries.count == 1
    assert "currency" not in queries.statements[0]
    assert invoice not in db.session.dirty
    assert as_stored(db, Invoice.next_sync_at) == later
    assert as_stored(db, Invoice.sync_failures) == 3


def test_the_next_change_is_written_as_well(db: SQLAlchemy, invoice: Invoice) -> None:
    for number in (1, 2):
        invoice.sync_failures = number
        write_change(invoice)
    assert as_stored(db, Invoice.sync_failures) == 2


def test_what_did_not_change_asks_nothing(db: SQLAlchemy, invoice: Invoice) -> None:
    assert invoice.sync_failures == 0
    invoice.sync_failures = 0
    with count_queries(db.engine) as queries:
        write_change(invoice)
    assert queries.count == 0


def test_json_is_written_as_the_session_writes_it(db: SQLAlchemy, run: SyncRun) -> None:
    run.findings = [{"key": "a", "state": "missing"}]
    run.plan = {"changes": []}
    write_change(run)
    assert as_stored(db, SyncRun.findings) == [{"key": "a", "state": "missing"}]
    assert as_stored(db, SyncRun.plan) == {"changes": []}


def test_what_only_the_session_can_write_is_left_to_it_whole(db: SQLAlchemy, run: SyncRun) -> None:
    run.plan = {"changes": []}
    db.session.flush()
    run.plan, run.calls_made = None, 2
    run.started_at = func.now()
    with count_queries(db.engine) as queries:
        write_change(run)
    assert queries.count == 0
    db.session.flush()
    assert as_stored(db, SyncRun.calls_made) == 2
    assert run.started_at is not None


def test_a_row_that_is_new_is_left_to_the_session(db: SQLAlchemy) -> None:
    now = utc_now()
    new = Organization(
        slug="new", name="New", email="new@example.com", currency="usd",
        cycle_anchor_at=now, created_at=now,
    )  # fmt: skip
    db.session.add(new)
    write_change(new)
    assert inspect(new).pending
    db.session.flush()
    assert as_stored(db, Organization.slug) == "new"


def test_a_text_that_is_too_long_is_refused_and_not_cut(db: SQLAlchemy, run: SyncRun) -> None:
    run.error_code = "a" * 61
    with pytest.raises(DataError):
        write_change(run)
