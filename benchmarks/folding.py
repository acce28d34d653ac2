"""Counting usage of many organizations together, and what keeping its history takes of that."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from statistics import median
from time import perf_counter

from flask import Flask
from sqlalchemy import text

from benchmarks.registry import Figure, benchmark
from dashboard.billing import plain_fold
from dashboard.billing.fold import fold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import MeteredPriceFactory, make_organization, make_service

ORGANIZATIONS, METERS, ROUNDS = 100, 6, 30
AT_MOST = 1.15
TRIGGER = "alter table invoice_items {} trigger invoice_items_history"
# The statement as it was before lines bore the cause of their last change.
BEARS = plain_fold.WRITE.text.partition(", updated_at = :now")[2].partition("from unnest")[0]
BARE = text(plain_fold.WRITE.text.replace(BEARS, "\n        "))


@dataclass
class Fleet:
    """Organizations that report one record of each meter before each round."""

    ids: list[int]
    slugs: list[str]
    now: datetime
    numbers: Iterator[int] = field(default_factory=count)

    def round_ms(self, *, passes: timedelta = timedelta()) -> float:
        """Return how long it takes to count what they report now."""
        self.now += passes
        at = utc_now()
        entries = [
            ReportedRecord(slug, f"fold-{meter}", f"k-{next(self.numbers)}", Decimal("1.5"), at)
            for slug in self.slugs
            for meter in range(METERS)
        ]
        with transaction():
            record_batch(entries, now=at)
        gc.collect()
        started = perf_counter()
        with transaction():
            fold(self.ids, now=self.now)
        return (perf_counter() - started) * 1000


@benchmark("fold_history_ms", "fold_hour_ms", "fold_history_share")
def fold_history(_app: Flask) -> list[Figure]:
    """Count in an hour that goes on, at the end of one, and without history, in turns."""
    fleet = make_fleet()
    rounds = []
    for number in range(ROUNDS + 3):
        with bare():
            floor = fleet.round_ms()
        taken = (floor, fleet.round_ms(), fleet.round_ms(passes=timedelta(hours=1)))
        if number >= 3:
            rounds.append(taken)
    floor, usual, hour = (median(column) for column in zip(*rounds, strict=True))
    return [
        Figure("fold_history_ms", usual, "ms, median", ROUNDS, floor=floor),
        Figure("fold_hour_ms", hour, "ms, median", ROUNDS, floor=floor),
        Figure("fold_history_share", usual / floor, "of that", ROUNDS, bound=AT_MOST),
    ]


@contextmanager
def bare() -> Iterator[None]:
    """Count without history meanwhile."""
    written, plain_fold.WRITE = plain_fold.WRITE, BARE
    with transaction():
        db.session.execute(text(TRIGGER.format("disable")))
    try:
        yield
    finally:
        plain_fold.WRITE = written
        with transaction():
            db.session.execute(text(TRIGGER.format("enable")))


def make_fleet() -> Fleet:
    """Return organizations that each have used something of each meter."""
    now = utc_now()
    began = now - timedelta(days=2)
    slugs = [f"fold-{number}" for number in range(ORGANIZATIONS)]
    with transaction():
        prices = [MeteredPriceFactory(code=f"f-{n}", meter=f"fold-{n}") for n in range(METERS)]
        ids = []
        for slug in slugs:
            organization = make_organization(slug, anchor=began, now=began)
            ids.append(organization.id)
            for price in prices:
                make_service(organization, price, now=now, at=began)
    fleet = Fleet(ids, slugs, now)
    fleet.round_ms()
    return fleet
