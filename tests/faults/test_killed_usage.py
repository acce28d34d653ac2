"""A process is killed while it accepts or counts usage: nothing is lost, nothing counts twice."""

import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select
from werkzeug.test import Client

from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.billing.fold import count_now
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.served import behind_proxies
from dashboard.transaction import transaction
from dashboard.usage.models import UsageKey, UsageRecord, UsageTotal, UsageWaiting
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import MeteredPriceFactory, make_organization, make_service
from tests.support.environment import child_environment
from tests.support.services import Worker

pytestmark = pytest.mark.fault
# Everything is written when it is killed, and nothing committed.
PROGRAM = """
import os, signal
from tests.faults.test_killed_usage import {act} as act
from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.extensions import db
with create_app(load_config()).app_context():
    act()
    db.session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    now = utc_now()
    with transaction():
        organization = make_organization(anchor=now - timedelta(days=5), now=now)
        make_service(organization, MeteredPriceFactory(), now=now, at=now - timedelta(days=1))
    return organization


def report() -> None:
    at = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    entries = [ReportedRecord("acme", "requests", f"key-{n}", Decimal(2), at) for n in range(50)]
    record_batch(entries, now=utc_now())


def count() -> None:
    from dashboard.extensions import db  # noqa: PLC0415  of the process that is killed

    organization_id = db.session.scalars(select(Organization.id)).one()
    count_now(organization_id, now=utc_now())


def killed_while(act: str, services: Worker) -> None:
    env = child_environment(services.database_url, services.redis_url)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(act=act)], env=env, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL


def answer() -> None:
    """Be answered at the door, twice in a row."""
    from flask import current_app  # noqa: PLC0415  of the process that is killed

    with transaction():
        _, secret = create_token("killed", ["usage:write"], actor=SYSTEM, now=utc_now())
    served = Client(behind_proxies(current_app))
    for key in ("a", "b"):
        record = {"organization": "acme", "meter": "requests", "key": key, "quantity": "2",
                  "recorded_at": utc_now().isoformat()}  # fmt: skip
        headers = {"Authorization": f"Bearer {secret}"}
        answer = served.post("/api/v1/usage", json={"records": [record]}, headers=headers)
        assert answer.json == {"recorded": 1, "duplicates": []}


def rows(db: SQLAlchemy) -> list[int]:
    """Return how many keys, records, waiting rows and totals there are, as they are committed."""
    db.session.rollback()
    return [
        db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in (UsageKey, UsageRecord, UsageWaiting, UsageTotal)
    ]


def test_a_kill_in_the_midst_of_accepting_keeps_nothing_and_the_batch_is_sent_again(
    db: SQLAlchemy, acme: Organization, services: Worker
) -> None:
    killed_while("report", services)
    assert rows(db) == [0, 0, 0, 0]
    with transaction():
        report()
    killed_while("report", services)
    assert rows(db) == [50, 50, 1, 0]


def test_a_kill_in_the_midst_of_counting_leaves_it_to_be_counted_once(
    db: SQLAlchemy, acme: Organization, services: Worker
) -> None:
    with transaction():
        report()
    for _ in range(2):
        killed_while("count", services)
        assert rows(db) == [50, 50, 1, 0]
    with transaction():
        count_now(acme.id, now=utc_now())
    killed_while("count", services)
    assert rows(db) == [50, 50, 0, 1]
    assert db.session.scalar(select(func.sum(InvoiceItem.quantity))) == 100
    assert db.session.scalar(select(func.sum(Invoice.total_cents))) == 500


def test_what_was_answered_outlives_a_kill_in_the_next_instant(
    db: SQLAlchemy, acme: Organization, services: Worker
) -> None:
    killed_while("answer", services)
    assert rows(db) == [2, 2, 2, 0]
