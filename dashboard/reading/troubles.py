"""What may be the matter with an organization: as a condition of a list, and counted for a row.

Each of them has an index of the few rows that are in trouble, so neither asks for all invoices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.sql.selectable import NamedFromClause

from dashboard.billing.models import Invoice
from dashboard.billing.void_listing import WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.sync.models import ACTIVE, AddedLine, SyncRun

UNFINISHED = ("draft", "closing", "sealed")


class Troubles(NamedTuple):
    """Whether its current invoice syncs and what that waits for; then of all unfinished ones."""

    is_active: bool
    own_undecided: int
    own_left: int
    parked: int
    differing: int
    held: int
    unpaid: int
    void: int


_invoice = Invoice.__table__.alias("other")
_line = AddedLine.__table__.alias("line")
_IS_ON_HOLD = _invoice.c.parked_at.is_not(None)
_IS_UNPAID = (_invoice.c.status == "open") & _invoice.c.payment_failure.is_not(None)
_FAILS = (_invoice.c.status == "draft") & (_invoice.c.sync_failures > 0)
_IS_UNDECIDED, _IS_LEFT = _line.c.decision.is_(None), _line.c.decision == "leave"

Rows = Callable[[NamedFromClause], Select[Any]]


def _invoices(condition: ColumnElement[bool]) -> Rows:
    return lambda organization: (
        select(_invoice.c.id)
        .where(_invoice.c.organization_id == organization.c.id, condition)
        .correlate(organization)
    )


def _lines(condition: ColumnElement[bool]) -> Rows:
    return lambda organization: (
        select(_line.c.id)
        .join(_invoice, _invoice.c.id == _line.c.invoice_id)
        .where(
            _line.c.organization_id == organization.c.id,
            _invoice.c.status.in_(UNFINISHED),
            condition,
        )
        .correlate(organization)
    )


def _void(organization: NamedFromClause) -> Select[Any]:
    mine = VoidCase.organization_id == organization.c.id
    return select(VoidCase.invoice_id).where(mine, *WAITS).correlate(organization)


ATTENTION: dict[str, Rows] = {
    "parked": _invoices(_IS_ON_HOLD),
    "differs": _lines(_IS_UNDECIDED),
    "held": _lines(_IS_LEFT),
    "failed": _invoices(_FAILS),
    "payment": _invoices(_IS_UNPAID),
    "void": _void,
}


def has_trouble(organization: NamedFromClause, attention: str) -> ColumnElement[bool]:
    """Return the condition that an organization has this trouble, one of `ATTENTION`."""
    return ATTENTION[attention](organization).exists()


def troubles(organization: NamedFromClause, draft: NamedFromClause) -> list[ColumnElement[Any]]:
    """Return the columns of `Troubles` for an organization and its current invoice, in order."""
    of_draft = select(_line.c.id).where(_line.c.invoice_id == draft.c.id).correlate(draft)
    active = (
        select(SyncRun.id)
        .where(SyncRun.invoice_id == draft.c.id, SyncRun.state.in_(ACTIVE))
        .correlate(draft)
        .exists()
    )
    counted = ("parked", "differs", "held", "payment", "void")
    return [
        active,
        _count(of_draft.where(_IS_UNDECIDED)),
        _count(of_draft.where(_IS_LEFT)),
        *(_count(ATTENTION[one](organization)) for one in counted),
    ]


def _count(rows: Select[Any]) -> ColumnElement[int]:
    return rows.with_only_columns(func.count(), maintain_column_froms=True).scalar_subquery()
