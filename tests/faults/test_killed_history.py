"""A process is killed while a line changes: its history says what the bill says, and no more."""

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_now
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.services.change import change_quantity
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.environment import child_environment
from tests.support.history import check_history, history_of
from tests.support.services import Worker

pytestmark = pytest.mark.fault
# Everything is written when it is killed, and nothing committed.
PROGRAM = """
import os, signal
from tests.faults.test_killed_history import {act} as act
from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.extensions import db
with create_app(load_config()).app_context():
    act(db)
    db.session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
HOUR = timedelta(hours=1)


def report(key: str) -> None:
    """Report usage that is on the bill when it is next looked at."""
    entry = ReportedRecord("acme", "requests", key, Decimal(2), utc_now())
    with transaction():
        record_batch([entry], now=utc_now())


def count_in_the_next_hour(db: SQLAlchemy) -> None:
    """Count what waits, so that the hour before it is written down."""
    acme = db.session.scalars(select(Organization)).one()
    count_now(acme.id, now=utc_now() + HOUR)


def change(db: SQLAlchemy) -> None:
    """Change how many databases there are."""
    service = db.session.scalars(select(Service).where(Service.label == "db-1")).one()
    change_quantity(service, Decimal(3), now=utc_now(), actor=SUPPORT)


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    now = utc_now()
    with transaction():
        organization = make_organization(anchor=now - timedelta(days=5), now=now)
        day = now - timedelta(days=1)
        make_service(organization, MeteredPriceFactory(), now=now, at=day)
        make_service(organization, PriceFactory(code="db"), now=now, at=day, label="db-1")
    report("first")
    with transaction():
        count_now(organization.id, now=now)
    return organization


@pytest.mark.parametrize(
    ("act", "again"),
    [("count_in_the_next_hour", count_in_the_next_hour), ("change", change)],
)
def test_a_kill_leaves_the_history_as_it_was_and_the_next_one_writes_it_once(
    db: SQLAlchemy, acme: Organization, services: Worker, act: str, again
) -> None:
    report("second")
    before = history_of(acme.id)
    env = child_environment(services.database_url, services.redis_url)
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(act=act)], env=env, check=False, timeout=60
        )
        assert ended.returncode == -9
        assert history_of(acme.id) == before
    with transaction():
        again(db)
    assert len(history_of(acme.id)) == len(before) + 1
    with transaction():
        current_invoice(acme)
        check_history(acme.id)
