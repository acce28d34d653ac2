"""What a rehearsal said of a day's closes, and what became of each bill since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.close_rehearsal.models import CloseRehearsal, RehearsedBill
from dashboard.closing.bill_models import IssueHold
from dashboard.extensions import db
from dashboard.organizations.models import Organization

MOST = 10
# Of those that people hold all are wanted, and no one holds hundreds by hand.
MOST_HELD = 100
_HELD_BY_PERSON = (
    select(IssueHold.id)
    .where(
        IssueHold.invoice_id == Invoice.id,
        IssueHold.released_at.is_(None),
        # One whose finalization was on its way, or that Stripe issued first, is held in vain.
        Invoice.status.not_in(FINALIZED),
    )
    .correlate(Invoice)
    .exists()
)


@dataclass(frozen=True, slots=True)
class ToldBill:
    """A bill as it was rehearsed, and as it is now; `issued_cents` is None until it is issued."""

    invoice_id: int
    slug: str
    name: str
    sequence: int
    currency: str
    expected_cents: int
    before_cents: int | None
    would_hold: str | None
    why: str | None
    anomalies: Sequence[str]
    issued_cents: int | None
    held_now: str | None
    is_held_by_person: bool = False


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """Bills of one currency: expected, what the last cycle came to, and those issued since."""

    currency: str
    bills: int
    expected_cents: int
    before_cents: int
    issued: int
    issued_cents: int
    expected_of_issued_cents: int


@dataclass(frozen=True, slots=True)
class HoldsCompared:
    """What was said of holds, against what is so of the bills whose cycle is over by now."""

    foretold: int
    held_as_told: int
    issued_anyway: int
    held_untold: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal and what it found."""

    rehearsal: CloseRehearsal
    calls: int
    sums: Sequence[CurrencySum]
    holds: HoldsCompared
    held: Sequence[ToldBill]
    movers: Sequence[ToldBill]
    odd: Sequence[ToldBill]
    odd_in_all: int
    off: Sequence[ToldBill]
    held_by_people: Sequence[ToldBill] = ()


def rehearsals(most: int = 10) -> Sequence[CloseRehearsal]:
    """Return the last rehearsals, the newest first."""
    return db.session.scalars(
        select(CloseRehearsal).order_by(CloseRehearsal.id.desc()).limit(most)
    ).all()


def rehearsed(rehearsal: CloseRehearsal, *, now: datetime) -> Rehearsed:
    """Return what it found; eight statements, each over the bills of one rehearsal."""
    mine = RehearsedBill.rehearsal_id == rehearsal.id
    moved = func.abs(RehearsedBill.expected_cents - RehearsedBill.before_cents)
    off = func.abs(Invoice.total_cents - RehearsedBill.expected_cents)
    odd = mine & (func.jsonb_array_length(RehearsedBill.anomalies) > 0)
    would = mine & RehearsedBill.would_hold.is_not(None)
    calls = select(func.coalesce(func.sum(RehearsedBill.calls), 0)).where(mine)
    return Rehearsed(
        rehearsal,
        int(db.session.scalars(calls).one()),
        _sums(mine),
        _holds(mine, now),
        _bills(would, RehearsedBill.invoice_id),
        _bills(mine & RehearsedBill.before_cents.is_not(None) & (moved > 0), moved.desc()),
        _bills(odd, func.abs(RehearsedBill.expected_cents).desc()),
        db.session.scalars(select(func.count()).select_from(RehearsedBill).where(odd)).one(),
        _bills(mine & Invoice.finalized_at.is_not(None) & (off > 0), off.desc()),
        _bills(mine & _HELD_BY_PERSON, RehearsedBill.invoice_id, MOST_HELD),
    )


def _bills(which: ColumnElement[bool], order: Any, most: int = MOST) -> Sequence[ToldBill]:
    query = (
        select(
            RehearsedBill.invoice_id,
            Organization.slug,
            Organization.name,
            Invoice.sequence,
            RehearsedBill.currency,
            RehearsedBill.expected_cents,
            RehearsedBill.before_cents,
            RehearsedBill.would_hold,
            RehearsedBill.why,
            RehearsedBill.anomalies,
            Invoice.total_cents,
            Invoice.finalized_at,
            Invoice.parked_code,
            _HELD_BY_PERSON,
        )
        .join(Invoice, Invoice.id == RehearsedBill.invoice_id)
        .join(Organization, Organization.id == RehearsedBill.organization_id)
        .where(which)
        .order_by(order, RehearsedBill.invoice_id)
        .limit(most)
    )
    return [_told(list(row)) for row in db.session.execute(query)]


def _told(row: list[Any]) -> ToldBill:
    *told, total, finalized_at, parked_code, is_held = row
    values: list[Any] = [*told, total if finalized_at else None, parked_code, is_held]
    return ToldBill(*values)


def _sums(mine: ColumnElement[bool]) -> Sequence[CurrencySum]:
    issued = Invoice.finalized_at.is_not(None)
    columns = (
        func.count(),
        _cents(RehearsedBill.expected_cents),
        _cents(RehearsedBill.before_cents),
        func.count().filter(issued),
        _cents(Invoice.total_cents, issued),
        _cents(RehearsedBill.expected_cents, issued),
    )
    query = (
        _joined(RehearsedBill.currency, *columns)
        .where(mine)
        .group_by(RehearsedBill.currency)
        .order_by(func.count().desc(), RehearsedBill.currency)
    )
    return [CurrencySum(*row) for row in db.session.execute(query)]


def _holds(mine: ColumnElement[bool], now: datetime) -> HoldsCompared:
    told = RehearsedBill.would_hold.is_not(None)
    # What is stuck stays a draft, its cycle over.
    over = (Invoice.status != "draft") | (Invoice.period_end <= now)
    held = Invoice.parked_at.is_not(None) & over
    issued = Invoice.finalized_at.is_not(None)
    query = _joined(
        func.count().filter(told),
        func.count().filter(told & held),
        func.count().filter(told & issued & ~held),
        func.count().filter(~told & held),
    ).where(mine)
    return HoldsCompared(*db.session.execute(query).one())


def rehearsed_invoices(rehearsal: CloseRehearsal, ids: Sequence[int]) -> Sequence[Invoice]:
    """Return which invoices of a rehearsal have these ids, in the order of their locks."""
    query = (
        select(Invoice)
        .join(RehearsedBill, RehearsedBill.invoice_id == Invoice.id)
        .where(RehearsedBill.rehearsal_id == rehearsal.id, Invoice.id.in_(ids))
        .order_by(Invoice.organization_id, Invoice.id)
    )
    return db.session.scalars(query).all()


def _joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(RehearsedBill)
        .join(Invoice, Invoice.id == RehearsedBill.invoice_id)
    )


def _cents(column: Any, condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    total = func.sum(column) if condition is None else func.sum(column).filter(condition)
    return func.coalesce(cast(total, BigInteger), 0)


def seconds_at_rate(calls: int, bills: int, *, account: float, endpoint: float) -> float:
    """Return how long these calls take at the rates: all of them, and one of each bill's. Pure."""
    return max(calls / account, bills / endpoint)
