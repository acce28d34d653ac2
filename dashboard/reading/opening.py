"""The first statement of a bill's pages: who asks, which bill it is, and the name of its state.

What decides whether a bill may be shown as it stands belongs here: its page and every poll of it
begin with this one read, and most polls end with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, case, cast, func, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause, NamedFromClause

from dashboard.accounts.identity import HOLDS, IDENTITY, SIGNED_IN, Identity
from dashboard.accounts.sessions import SessionKey
from dashboard.billing.balance import last_issued_before, noted_since, void_since
from dashboard.billing.habit_models import UsageHabits
from dashboard.billing.habits import cents_before
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.organizations.models import Organization
from dashboard.reading.earlier import earlier_invoices
from dashboard.reading.rows import (
    AddedLines,
    Around,
    BilledOrganization,
    CurrentInvoice,
    LastIssued,
    LatestRun,
)
from dashboard.services.models import Service
from dashboard.statement import Statement, columns, parameter, split
from dashboard.sync.models import AddedLine, SyncRun
from dashboard.usage.waiting import waits_of

_SIZE = len(IDENTITY)


@dataclass(frozen=True, slots=True)
class Draft:
    """A current invoice with its newest sync, and what else its page depends on."""

    invoice: CurrentInvoice
    run: LatestRun | None
    added: AddedLines
    around: Around
    last_issued: LastIssued | None
    budget_cents: int | None

    @property
    def is_part(self) -> bool:
        """Whether it bills the rest of a cycle whose first part was rolled early."""
        return self.invoice.period_start > self.around.starts_at


@dataclass(frozen=True, slots=True)
class Opened:
    """What the first statement found; without a reader nothing of it is anybody's to see."""

    reader: Identity | None = None
    organization: BilledOrganization | None = None
    draft: Draft | None = None


def open_bill(key: SessionKey, slug: str) -> Opened:
    """Return who asks, and the current invoice of the organization `slug`: one statement."""
    row = _OPENING.row(**key._asdict(), slug=slug)
    if row is None:
        return Opened()
    reader = Identity.of(row[:_SIZE])
    organization, invoice, run, added, around, last = split(row[_SIZE:], _KINDS)
    if invoice is None:
        return Opened(reader, organization)
    budget_cents = organization.budget_cents
    draft = Draft(invoice, run, added, around, last, budget_cents)
    return Opened(reader, organization, draft)


_KINDS = (BilledOrganization, CurrentInvoice, LatestRun, AddedLines, Around, LastIssued)
_organization = Organization.__table__.alias("organization")
_draft = Invoice.__table__.alias("draft")
_cycle = BillingCycle.__table__.alias("cycle")


def latest_run(invoice_id: ColumnElement[int]) -> LateralFromClause:
    """Return the newest run of an invoice."""
    return (
        select(*(SyncRun.__table__.c[name] for name in LatestRun._fields))
        .where(SyncRun.invoice_id == invoice_id)
        .order_by(SyncRun.id.desc())
        .limit(1)
        .lateral("run")
    )


def added_lines(invoice_id: ColumnElement[int]) -> LateralFromClause:
    """Return the numbers of an invoice's lines at Stripe that are not ours."""
    return (
        select(
            func.count().label("total"),
            func.count(AddedLine.decision).label("decided"),
            func.count().filter(AddedLine.decision == "leave").label("left"),
        )
        .where(AddedLine.invoice_id == invoice_id)
        .lateral("foreign_lines")
    )


def last_issued(draft: NamedFromClause) -> LateralFromClause:
    """Return the invoice issued last before a draft."""
    last = aliased(Invoice)
    query = last_issued_before(draft.c.organization_id, draft.c.sequence, of=last)
    void = void_since(last.organization_id, last.sequence, last.finalized_at)
    notes = noted_since(last.organization_id, last.id, last.finalized_at)
    void_moves, note_moves = (
        found.with_only_columns(func.count(), maintain_column_froms=True)
        .order_by(None)
        .scalar_subquery()
        for found in (void, notes)
    )
    return query.with_only_columns(
        *(getattr(last, name) for name in LastIssued._fields[:-1]),
        (void_moves + note_moves).label("moves"),
    ).lateral("last_issued")


def _opening() -> Select[Any]:
    run, added = latest_run(_draft.c.id), added_lines(_draft.c.id)
    earlier = earlier_invoices(_organization, _draft)
    last = last_issued(_draft)
    is_wanted = _organization.c.slug == parameter("slug", String)
    is_current = (_draft.c.organization_id == _organization.c.id) & (_draft.c.status == "draft")
    return (
        select(
            *IDENTITY,
            *columns(BilledOrganization, _organization),
            *columns(CurrentInvoice, _draft),
            *columns(LatestRun, run),
            *columns(AddedLines, added),
            *_around(),
            earlier.c.told.label("earlier"),
            *columns(LastIssued, last),
        )
        .select_from(
            SIGNED_IN.outerjoin(_organization, is_wanted)
            .outerjoin(_draft, is_current)
            .outerjoin(_cycle, _cycle.c.id == _draft.c.cycle_id)
            .outerjoin(run, true())
            .outerjoin(added, true())
            .outerjoin(earlier, true())
            .outerjoin(last, true())
        )
        .where(*HOLDS)
    )


def _around() -> list[ColumnElement[Any]]:
    """Return the columns of `Around` but the last."""
    of_organization = _draft.c.organization_id
    elsewhere = select(InvoiceItem.id).where(
        InvoiceItem.organization_id == of_organization,
        InvoiceItem.cycle_id == _draft.c.cycle_id,
        InvoiceItem.invoice_id != _draft.c.id,
    )
    attached_at = select(func.min(Service.attached_at)).where(
        Service.organization_id == of_organization
    )
    habits = select(UsageHabits.habits).where(UsageHabits.organization_id == of_organization)
    return [
        _cycle.c.starts_at.label("cycle_starts_at"),
        _cycle.c.ends_at.label("cycle_ends_at"),
        _cycle.c.whole_seconds,
        (~elsewhere.exists()).label("is_alone"),
        case((_draft.c.sequence == 1, attached_at.scalar_subquery())).label("attached_at"),
        waits_of(of_organization).label("has_waiting"),
        _earlier_cents().label("earlier_cents"),
        cents_before(of_organization, _cycle.c.sequence).label("last_cycle_cents"),
        habits.scalar_subquery().label("habits"),
    ]


def _earlier_cents() -> ColumnElement[int]:
    """Return what the other invoices of the cycle come to, of whoever has a budget for it."""
    earlier = Invoice.__table__.alias("earlier")
    owed = select(cast(func.coalesce(func.sum(earlier.c.total_cents), 0), BigInteger)).where(
        earlier.c.cycle_id == _draft.c.cycle_id,
        earlier.c.id != _draft.c.id,
        earlier.c.status != "void",
    )
    return case((_organization.c.budget_cents.is_not(None), owed.scalar_subquery()), else_=0)


_OPENING = Statement(_opening())
