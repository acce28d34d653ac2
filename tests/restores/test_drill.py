"""A drill: PostgreSQL is put back to a moment under traffic, and nothing is billed twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.app import create_app
from dashboard.backups.put_back import put_back
from dashboard.backups.take import check, kept, take_base, wal_arguments
from dashboard.backups.tools import CannotBackUp
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants.look import look_at_all
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.restores.finding import KINDS
from dashboard.restores.held import is_held
from dashboard.restores.look import findings_of, look_back
from dashboard.restores.mark import keep_mark
from dashboard.restores.notice import look_at_history, open_restore
from dashboard.restores.release import release
from dashboard.restores.repair import ask_repair, asked, repair
from dashboard.transaction import checkpoint, transaction
from dashboard.usage.reported import ReportedRecord
from dashboard.webhooks.batch import drain
from dashboard.webhooks.process import process
from demo.embedded.postgres import EmbeddedPostgres
from tests.factories import SUPPORT, MeteredPriceFactory, make_organization, make_service
from tests.support.environment import config, with_driver
from tests.support.gaps import charge
from tests.support.services import SESSIONS, Worker
from tests.support.syncing import Syncer
from tests.support.template import TEMPLATE, restore_template
from tests.support.usage import record_batch


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that PostgreSQL's own user may enter; it is gone afterward."""
    made = SESSIONS / f"drill-{os.getpid()}"
    made.mkdir(parents=True)
    yield made
    shutil.rmtree(made)


@contextmanager
def running(data: Path, services: Worker, log: Path) -> Iterator[tuple[EmbeddedPostgres, Flask]]:
    """A cluster on that directory, and the product on it."""
    server = EmbeddedPostgres(data, log=log, durable=False)
    server.start()
    app = create_app(config(with_driver(server.url(TEMPLATE)), services.redis_url))
    try:
        with app.app_context():
            try:
                yield server, app
            finally:
                database.session.remove()
                database.engine.dispose()
    finally:
        server.stop()


@contextmanager
def receiving(url: str, folder: Path) -> Iterator[None]:
    """`flask backup wal`, as it runs beside the product."""
    receiver = subprocess.Popen(wal_arguments(url, folder))
    try:
        yield
        # What was written last is on its way.
        time.sleep(1.5)
    finally:
        receiver.terminate()
        receiver.wait(10)


def report(slug: str, keys: str) -> None:
    """Report ten requests under each key, as senders do who repeat what they do not know of."""
    now = utc_now()
    with transaction():
        record_batch(
            [ReportedRecord(slug, "requests", key, Decimal(10), AT[key]) for key in keys], now=now
        )


AT: dict[str, datetime] = {}


def happen(keys: str) -> None:
    """Let usage happen now, under these keys."""
    for key in keys:
        AT[key] = utc_now()


def beat(syncer: Syncer) -> None:
    """Do what the clock does for the ledger's mark."""
    with transaction():
        look_at_history(now=utc_now())
    keep_mark(gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)


def work_off(syncer: Syncer) -> None:
    """Process all that waits in the inbox, and carry out the syncs that follow."""
    for _ in range(10):
        with transaction():
            batch = drain(
                gateway=syncer.gateway, checkpoint=checkpoint, now=utc_now(), most=200, owner="test"
            )
        runs = list(batch.runs)
        for event_id in batch.alone:
            with transaction():
                runs += process(
                    event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=utc_now(),
                    owner="test",
                )  # fmt: skip
        for run in runs:
            syncer.carry_out(run)
        if not batch.taken:
            return


def owned_by_postgres(data: Path, like: Path) -> None:
    """Give the files to the user that PostgreSQL runs as, as who restores does."""
    owner = like.stat()
    for one in (data, *data.rglob("*")):
        os.chown(one, owner.st_uid, owner.st_gid)


def test_a_ledger_put_back_under_traffic_bills_everything_once(
    services: Worker, redis: object, syncer: Syncer, root: Path
) -> None:
    folder, first, second = root / "backup", root / "first" / "data", root / "second" / "data"
    restore_template(first)
    with running(first, services, root / "log") as (server, _), receiving(server.url(), folder):
        moment = live(syncer, lambda: take_base(server.url(), folder, now=utc_now()))
    assert check(folder).segments >= 1
    for one in folder.rglob("*"):
        one.chmod(0o755)
    with pytest.raises(CannotBackUp, match="No base backup"):
        put_back(folder, second, to=moment - timedelta(days=1))
    put_back(folder, second, to=moment)
    with pytest.raises(CannotBackUp, match="not empty"):
        put_back(folder, second, to=moment)
    owned_by_postgres(second, first)
    with running(second, services, root / "log"):
        come_back(syncer)
        database.session.rollback()
        beat(syncer)
        assert not is_held(), "the mark of what was lost is known"
    assert len(kept(folder).bases) == 1


def live(syncer: Syncer, back_up: Callable[[], object]) -> datetime:
    """Let the product live, and return the moment after which all is lost."""
    begin = utc_now() - timedelta(days=3)
    with transaction():
        acme = make_organization(
            "acme", anchor=begin, now=begin, collection_method="send_invoice", days_until_due=30
        )
        make_service(acme, MeteredPriceFactory(code="requests"), now=begin)
    happen("ab")
    report("acme", "a")
    syncer.sync(current_invoice(acme))
    beat(syncer)
    back_up()
    report("acme", "b")
    syncer.sync(current_invoice(acme))
    beat(syncer)
    time.sleep(1.2)
    moment = utc_now()
    time.sleep(1.2)
    lose(syncer, acme)
    return moment


def lose(syncer: Syncer, acme: Organization) -> None:
    """Do what is forgotten: usage, an issued bill and the next draft, a new organization."""
    happen("c")
    report("acme", "c")
    bill = current_invoice(acme)
    with transaction():
        roll_early(acme, reason="Asked for", actor=SUPPORT, now=utc_now())
    syncer.sync(bill, "final", verify=True)
    assert bill.status == "open"
    assert bill.total_cents == 150
    happen("d")
    report("acme", "d")
    syncer.sync(current_invoice(acme))
    with transaction():
        globex = make_organization("globex", anchor=utc_now(), now=utc_now())
    charge(globex, 700)
    syncer.sync(current_invoice(globex))
    beat(syncer)


def come_back(syncer: Syncer) -> None:
    """Start on the ledger that was put back, and go through what the runbook says."""
    assert database.session.scalar(select(Organization.slug)) == "acme"
    database.session.rollback()
    beat(syncer)
    assert is_held()
    # Their senders repeat everything, also what was kept.
    report("acme", "abcd")
    restore = open_restore()
    assert restore is not None
    assert restore.since < AT["c"]
    assert look_back(gateway=syncer.gateway, reads=50, now=utc_now(), checkpoint=checkpoint)
    kinds = sorted(one.kind for one in findings_of(restore))
    assert kinds == ["changed", "issued", "lost_customer", "lost_draft", "lost_draft", "mark"]
    with transaction():
        for one in findings_of(restore):
            if KINDS[one.kind].repair == "delete":
                ask_repair(one.id, actor=SUPPORT, now=utc_now())
    for finding_id in asked():
        repair(finding_id, gateway=syncer.gateway, now=utc_now(), checkpoint=checkpoint)
    with transaction():
        release(
            restore.id, actor=SUPPORT, now=utc_now(), checkpoint=checkpoint,
            reason="Globex is created again.",
        )  # fmt: skip
    work_off(syncer)
    acme = organization_by_slug("acme")
    with transaction():
        acme_draft = current_invoice(acme)
    syncer.sync(acme_draft, verify=True)
    database.session.expire_all()
    bills = database.session.scalars(select(Invoice).order_by(Invoice.sequence)).all()
    assert [(one.status, one.stripe_total_cents) for one in bills] == [("open", 150), ("draft", 50)]
    assert [sum(syncer.lines(one).values()) for one in bills] == [150, 50]
    assert all(one.parked_at is None for one in bills)
    database.session.rollback()
    assert [found for _, found in look_at_all() if found] == []
