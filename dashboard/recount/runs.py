"""Recounts of every organization, one at a time; where a run is, is a row.

Each is worked out outside of any transaction that writes, and then kept with the run's new place in
one: whoever is killed between the two works one organization out again, and tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, func, select, update

from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.rating import CannotRate
from dashboard.recount.difference import Difference
from dashboard.recount.look import Recounted, recount
from dashboard.recount.models import LedgerDifference, LedgerRun

KEPT = timedelta(days=90)
# What was worked out longer ago says too little of now to be part of one answer.
RESUMED_WITHIN = timedelta(days=1)


class Overtaken(Exception):
    """Another process goes on with the same run."""


def begin(*, is_of_clock: bool, now: datetime, anew: bool = False) -> LedgerRun:
    """Return the run to go on with, or a new one; `anew` ends one that is under way."""
    run = under_way(is_of_clock=is_of_clock)
    if run is not None and not anew and now - run.moved_at < RESUMED_WITHIN:
        return run
    if run is not None:
        run.ended_at = now
        db.session.flush()
    db.session.execute(delete(LedgerRun).where(LedgerRun.ended_at < now - KEPT))
    run = LedgerRun(
        is_of_clock=is_of_clock,
        total=db.session.scalar(select(func.count()).select_from(Organization)) or 0,
        looked=0,
        records=0,
        items=0,
        differences=0,
        place=0,
        begun_at=now,
        moved_at=now,
    )
    db.session.add(run)
    db.session.flush()
    return run


def under_way(*, is_of_clock: bool) -> LedgerRun | None:
    """Return the run that is not over."""
    query = select(LedgerRun).where(
        LedgerRun.is_of_clock.is_(is_of_clock), LedgerRun.ended_at.is_(None)
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def last_whole_at() -> datetime | None:
    """Return when the clock's last run that is over began."""
    query = select(func.max(LedgerRun.begun_at)).where(
        LedgerRun.is_of_clock, LedgerRun.ended_at.is_not(None)
    )
    return db.session.scalar(query)


def next_of(run: LedgerRun) -> int | None:
    """Return the organization to work out next; None after the last."""
    query = select(Organization.id).where(Organization.id > run.place)
    return db.session.scalar(query.order_by(Organization.id).limit(1))


def recount_or_say_why(organization_id: int) -> Recounted:
    """Work one organization out; what cannot be is a difference, and stops no run."""
    try:
        return recount(organization_id)
    except (CannotRate, ArithmeticError, LookupError, ValueError) as error:
        slug = db.session.scalar(
            select(Organization.slug).where(Organization.id == organization_id)
        )
        why = f"It cannot be worked out: {type(error).__name__}: {error}"
        told = Difference(str(slug), None, "the ledger", None, Decimal(0), Decimal(0), why)
        return Recounted(0, 0, [told])


def keep(run: LedgerRun, organization_id: int, found: Recounted, *, now: datetime) -> None:
    """Keep what was found of an organization with the run's new place; raise Overtaken."""
    # Whoever is somewhere else by now has worked this one out already.
    moved = db.session.execute(
        update(LedgerRun)
        .where(
            LedgerRun.id == run.id, LedgerRun.place < organization_id, LedgerRun.ended_at.is_(None)
        )
        .values(
            place=organization_id,
            looked=LedgerRun.looked + 1,
            records=LedgerRun.records + found.records,
            items=LedgerRun.items + found.items,
            differences=LedgerRun.differences + len(found.differences),
            moved_at=now,
        )
        .returning(LedgerRun.id)
    )
    if moved.first() is None:
        raise Overtaken
    if not run.is_of_clock:
        db.session.add_all(
            LedgerDifference(run_id=run.id, organization_id=organization_id, told=str(one))
            for one in found.differences
        )


def end(run: LedgerRun, *, now: datetime) -> None:
    """End a run after its last organization."""
    run.ended_at = run.moved_at = now


def differences_of(run: LedgerRun, *, most: int | None = None) -> Iterator[str]:
    """Yield what a run of the command found, in order; `most` of it."""
    query = select(LedgerDifference.told).where(LedgerDifference.run_id == run.id)
    yield from db.session.scalars(query.order_by(LedgerDifference.id).limit(most))
