"""A bill as it was at an instant, and what changed between two; from the history of its lines.

What a line billed is known from its last change by then (docs/decisions/item-history.md). Usage of
an hour is one change: while such an hour goes on, a line is somewhere between what it billed before
and after it, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Subquery, and_, exists, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from dashboard.billing.change_models import ItemChange
from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.notes import UNDONE
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.sync.models import SyncRun

# By which a bill is in a state from then on; of one instant the first of these counts.
_LIFE = (
    ("void", "voided_at"),
    ("uncollectible", "uncollectible_at"),
    ("paid", "paid_at"),
    ("open", "finalized_at"),
    ("sealed", "sealed_at"),
    ("closing", "closing_at"),
    ("draft", "created_at"),
)


class LineThen(NamedTuple):
    """A line as it was; cents are minor units.

    `uncounted_cents`: what it billed before the hour of usage that was being counted just then;
    None where none was.
    """

    item_id: int
    kind: str
    description: str
    quantity: Decimal
    cents: int
    uncounted_cents: int | None


class HeldThen(NamedTuple):
    """What Stripe held by then: after which sync, since when, and its total in minor units."""

    run_id: int
    since: datetime
    cents: int


@dataclass(frozen=True, slots=True)
class BillThen:
    """A bill as it was at an instant; its total is before tax, and credit notes are beside it."""

    at: datetime
    status: str
    lines: Sequence[LineThen]
    credited_cents: int
    held: HeldThen | None

    @property
    def total_cents(self) -> int:
        """What its lines came to."""
        return sum(line.cents for line in self.lines)

    @property
    def is_counting(self) -> bool:
        """Whether an hour of usage was being counted just then."""
        return any(line.uncounted_cents is not None for line in self.lines)


@dataclass(frozen=True, slots=True)
class LineMoved:
    """A line at two moments; None where it was not on the bill."""

    before: LineThen | None
    after: LineThen | None

    @property
    def description(self) -> str:
        """What it was called last."""
        line = self.after or self.before
        return line.description if line else ""

    @property
    def cents(self) -> int:
        """By how much more it billed after."""
        return (self.after.cents if self.after else 0) - (self.before.cents if self.before else 0)


def bill_then(invoice: Invoice, at: datetime, *, since: datetime, now: datetime) -> BillThen:
    """Return `invoice` as it was at `at`; four statements.

    `since` is from when on history is kept. Raises Invalid for a time before that, before the bill
    was opened, or to come. Moments are told by the minute: the one it begins in is its beginning.
    """
    begun = max(invoice.created_at, since)
    if begun.replace(second=0, microsecond=0) <= at < begun <= now:
        at = begun
    if not begun <= at <= now:
        raise Invalid(
            f"What {invoice.called} was is known from {_told(begun)} on, and until now. Choose a "
            "time between the two.",
            field="at",
        )
    return BillThen(
        at=at,
        status=status_at(invoice, at),
        lines=_lines(invoice, at),
        credited_cents=_credited(invoice, at),
        held=_held(invoice, at),
    )


def status_at(invoice: Invoice, at: datetime) -> str:
    """Return in which state a bill was at an instant since it was opened."""
    # A bad debt may be paid, and keeps when it was written off.
    told: list[tuple[str, datetime | None]] = [(one, getattr(invoice, name)) for one, name in _LIFE]
    begun = [(one, since) for one, since in told if since is not None and since <= at]
    return max(begun, key=lambda state: state[1])[0] if begun else "draft"


def moved_between(before: BillThen, after: BillThen) -> list[LineMoved]:
    """Return every line of either moment, in the order in which they came on the bill."""
    was = {line.item_id: line for line in before.lines}
    became = {line.item_id: line for line in after.lines}
    return [LineMoved(was.get(one), became.get(one)) for one in sorted({**was, **became})]


def _lines(invoice: Invoice, at: datetime) -> list[LineThen]:
    """Return the lines that were there, each from its last change that had begun by then."""
    changes, ends = _changes(invoice.id, at), _ends(invoice.id)
    newest = (
        select(changes)
        .ext(distinct_on(changes.c.item_id))
        .order_by(changes.c.item_id, changes.c.changed_at.desc(), changes.c.change_number.desc())
    )
    return [
        LineThen(
            row.item_id,
            row.kind,
            row.description,
            row.quantity,
            row.cents,
            row.cents_before if row.cause == "usage" and row.ended_at > at else None,
        )
        for row in db.session.execute(newest)
        if row.change_number != ends.get(row.item_id)
    ]


def _ends(invoice_id: int) -> dict[int, int]:
    """Return the number of the last change of each line that was removed: that it bills nothing."""
    there = exists().where(InvoiceItem.id == ItemChange.item_id)
    query = (
        select(ItemChange.item_id, func.max(ItemChange.change_number))
        .where(ItemChange.invoice_id == invoice_id, ~there)
        .group_by(ItemChange.item_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _changes(invoice_id: int, at: datetime) -> Subquery:
    """Return every change of the bill's lines that had begun by then, from both places."""
    kept, item = ItemChange, InvoiceItem
    changed_at = func.coalesce(item.changed_at, item.updated_at)
    earlier = select(
        kept.item_id, kept.kind, kept.description, kept.quantity, kept.cents, kept.cents_before,
        kept.cause, kept.changed_at, kept.change_number, kept.ended_at,
    ).where(kept.invoice_id == invoice_id, kept.changed_at <= at)  # fmt: skip
    last = select(
        item.id, item.kind, item.description, item.quantity,
        item.amount_cents - item.carried_cents, item.cents_before, item.cause, changed_at,
        item.change_number, func.greatest(changed_at, item.updated_at),
    ).where(item.invoice_id == invoice_id, changed_at <= at)  # fmt: skip
    return union_all(earlier, last).subquery()


def _credited(invoice: Invoice, at: datetime) -> int:
    """Return what its credit notes came to; one that is void counts until Stripe told of it last.

    When it was voided is not kept: that is the best known time.
    """
    was_void_later = and_(Correction.status == "void", Correction.told_at > at)
    query = select(func.coalesce(func.sum(Correction.amount_cents), 0)).where(
        Correction.invoice_id == invoice.id,
        Correction.kind == "credit_note",
        or_(Correction.status.not_in(UNDONE), was_void_later),
        Correction.made_at <= at,
    )
    return int(db.session.scalar(query) or 0)


def _held(invoice: Invoice, at: datetime) -> HeldThen | None:
    """Return what the last sync left at Stripe that had succeeded by then."""
    query = (
        select(SyncRun.id, SyncRun.finished_at, SyncRun.cents_after)
        .where(
            SyncRun.invoice_id == invoice.id,
            SyncRun.state == "succeeded",
            SyncRun.finished_at <= at,
            SyncRun.cents_after.is_not(None),
        )
        .order_by(SyncRun.finished_at.desc(), SyncRun.id.desc())
        .limit(1)
    )
    found = db.session.execute(query).one_or_none()
    return HeldThen._make(found) if found else None


def _told(at: datetime) -> str:
    return f"{at:%-d %b %Y, %H:%M} UTC"
