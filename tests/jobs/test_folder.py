"""The folder counts what nobody looked at, and one organization in the way stops nobody else."""

import time
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from redis.exceptions import ConnectionError as RedisIsAway
from sqlalchemy import func, select

from dashboard.billing.models import InvoiceItem
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.usage.waiting import organizations_waiting
from jobs import folder as folding
from jobs import ticks
from jobs.folder import Folder
from tests.factories import MeteredPriceFactory, make_organization, make_service

SLUGS = ("acme", "beta", "gamma")


@pytest.fixture
def folder(app: Flask, db: SQLAlchemy, redis: Redis) -> Folder:
    """A folder, and three organizations of which usage waits."""
    now = utc_now()
    with transaction():
        price = MeteredPriceFactory()
        for slug in SLUGS:
            anchor = now - timedelta(days=5)
            organization = make_organization(slug, anchor=anchor, now=now)
            make_service(organization, price, now=now, at=now - timedelta(days=1))
    report("a")
    return Folder(app)


def report(key: str) -> None:
    now = utc_now()
    with transaction():
        record_batch(
            [ReportedRecord(one, "requests", key, Decimal(2), now) for one in SLUGS], now=now
        )


def units(db: SQLAlchemy) -> Decimal | None:
    return db.session.scalar(select(func.sum(InvoiceItem.quantity)))


def test_a_turn_counts_all_that_waits(folder: Folder, db: SQLAlchemy, redis: Redis) -> None:
    assert folder.turn() == 3
    assert units(db) == 6
    assert folder.turn() == 0
    assert redis.hexists(ticks.LAST, folding.NAME)


def test_parts_of_a_turn_are_counted_beside_each_other(
    folder: Folder, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, both = folding.fold, Barrier(2, timeout=10)
    monkeypatch.setattr(folding, "AT_ONCE", 2)

    def meets_the_other(ids, *, now):
        both.wait()
        real(ids, now=now)

    monkeypatch.setattr(folding, "fold", meets_the_other)
    assert folder.turn() == 3
    assert units(db) == 6


def test_it_runs_by_itself_until_it_is_stopped(folder: Folder, db: SQLAlchemy) -> None:
    folder.start()
    try:
        deadline = time.monotonic() + 10
        while units(db) != 6 and time.monotonic() < deadline:
            db.session.rollback()
            time.sleep(0.05)
    finally:
        folder.stop()
    assert units(db) == 6
    assert not folder.is_alive()


def test_one_that_can_not_be_counted_is_set_aside_for_a_minute(
    folder: Folder, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, second, third] = organizations_waiting(most=10)
    real, tried = folding.fold, []

    def fails(ids, *, now):
        tried.append(list(ids))
        if second in ids:
            raise ZeroDivisionError
        real(ids, now=now)

    monkeypatch.setattr(folding, "fold", fails)
    now = 1000.0
    folder.clock = lambda: now
    folder.turn()
    assert tried == [[first, second, third], [first], [second], [third]]
    assert units(db) == 4
    folder.turn()
    assert len(tried) == 4
    now += folding.ASIDE_SECONDS
    monkeypatch.setattr(folding, "fold", real)
    folder.turn()
    assert units(db) == 6


def test_it_needs_no_redis(folder: Folder, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments):
        raise RedisIsAway

    monkeypatch.setattr(ticks, "note", away)
    folder.turn()
    assert units(db) == 6


def test_it_looks_again_sooner_while_there_was_something_to_count(app: Flask) -> None:
    folder = Folder(app, clock=lambda: 100.0)
    assert folder._pause(100.0, 1) == pytest.approx(folding.TURN_EVERY_SECONDS)
    assert folder._pause(100.0, 0) == pytest.approx(folding.IDLE_TURN_EVERY_SECONDS)
    assert folding.TURN_EVERY_SECONDS < folding.IDLE_TURN_EVERY_SECONDS
    assert folder._pause(90.0, 1) == folding.LEAST_PAUSE_SECONDS
