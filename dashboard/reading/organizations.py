"""The list support works from: every organization with what it owes and whether Stripe agrees."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, func, or_, select

from dashboard.billing.models import Invoice
from dashboard.billing.void_listing import WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.organizations.models import Organization
from dashboard.paging import Page
from dashboard.statement import Statement, columns, parameter, split
from dashboard.sync.models import ACTIVE, ForeignLine, SyncRun
from dashboard.sync.status import State, Waiting, state_of

SIZE = 25
ATTENTION = ("parked", "differs", "held", "failed", "payment", "void")


class ListedInvoice(NamedTuple):
    """The current invoice of an organization, as far as the list shows it."""

    id: int
    currency: str
    total_cents: int
    period_end: datetime
    last_synced_at: datetime | None
    parked_at: datetime | None
    sync_failures: int
    needs_verification: bool
    revision: int
    synced_revision: int

    @property
    def is_dirty(self) -> bool:
        """Whether the ledger holds something that Stripe was not told."""
        return self.revision > self.synced_revision


class _Organization(NamedTuple):
    id: int
    slug: str
    name: str
    email: str


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


class ListedOrganization(NamedTuple):
    """One row: the organization, its current invoice with its state, and what needs a person."""

    organization: _Organization
    invoice: ListedInvoice | None
    troubles: Troubles

    @property
    def state(self) -> State:
        """Whether Stripe agrees with the current invoice."""
        if self.invoice is None:
            return "none"
        of = self.troubles
        waiting = Waiting(of.own_undecided, of.own_left)
        return state_of(self.invoice, is_active=of.is_active, waiting=waiting)


def list_organizations(
    text: str = "", *, attention: str | None = None, number: int = 1
) -> Page[ListedOrganization]:
    """Return a page of the organizations that `text` matches, by name: two statements.

    `attention` keeps those with that trouble: one of `ATTENTION`.
    """
    text = text.strip()
    count, rows = _statements(bool(text), attention if attention in ATTENTION else None)
    wanted: dict[str, object] = {"text": text, "part": _part(text)} if text else {}
    total = count.rows(**wanted)[0][0]
    found = rows.rows(**wanted, size=SIZE, skipped=(number - 1) * SIZE)
    kinds = (_Organization, ListedInvoice, Troubles)
    return Page([ListedOrganization(*split(row, kinds)) for row in found], number, SIZE, total)


@cache
def _statements(has_text: bool, attention: str | None) -> tuple[Statement, Statement]:
    """Return how such organizations are counted and read; there are fourteen ways to ask."""
    conditions = [_says()] if has_text else []
    if attention is not None:
        conditions.append(_TROUBLES[attention])
    # The current invoice has a say in who is counted only where its own trouble is asked for.
    counted: Select[Any] = select(func.count()).select_from(_organization)
    if attention == "failed":
        counted = counted.outerjoin(_draft, _IS_DRAFT)
    listed = (
        select(
            *columns(_Organization, _organization),
            *columns(ListedInvoice, _draft),
            _ACTIVE, *_OWN, _PARKED, _UNDECIDED, _LEFT, _UNPAID, _VOID,
        )
        .select_from(_organization)
        .outerjoin(_draft, _IS_DRAFT)
        .where(*conditions)
        .order_by(_organization.c.name, _organization.c.id)
        .limit(parameter("size", BigInteger))
        .offset(parameter("skipped", BigInteger))
    )  # fmt: skip
    return Statement(counted.where(*conditions)), Statement(listed)


def _part(text: str) -> str:
    """Return the pattern of what has `text` in it, whatever its case."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _says() -> ColumnElement[bool]:
    whole, part = parameter("text", String), parameter("part", String)
    has_number = select(Invoice.organization_id).where(
        or_(Invoice.stripe_invoice_id == whole, Invoice.number == whole)
    )
    return or_(
        func.lower(_organization.c.name).like(func.lower(part)),
        func.lower(_organization.c.slug).like(func.lower(part)),
        func.lower(_organization.c.email).like(func.lower(part)),
        _organization.c.external_id == whole,
        _organization.c.stripe_customer_id == whole,
        _organization.c.id.in_(has_number),
    )


_organization = Organization.__table__.alias("organization")
_draft = Invoice.__table__.alias("draft")
_IS_DRAFT = and_(_draft.c.organization_id == _organization.c.id, _draft.c.status == "draft")
_other = Invoice.__table__.alias("other")
_PARKED = (
    select(func.count())
    .select_from(_other)
    .where(_other.c.organization_id == _organization.c.id, _other.c.parked_at.is_not(None))
    .correlate(_organization)
    .scalar_subquery()
)
_UNPAID = (
    select(func.count())
    .select_from(_other)
    .where(
        _other.c.organization_id == _organization.c.id,
        _other.c.status == "open",
        _other.c.payment_failure.is_not(None),
    )
    .correlate(_organization)
    .scalar_subquery()
)
_VOID = (
    select(func.count())
    .select_from(VoidCase)
    .where(VoidCase.organization_id == _organization.c.id, *WAITS)
    .correlate(_organization)
    .scalar_subquery()
)
_FOREIGN = (
    select(func.count())
    .select_from(ForeignLine)
    .join(_other, _other.c.id == ForeignLine.invoice_id)
    .where(
        ForeignLine.organization_id == _organization.c.id,
        _other.c.status.in_(("draft", "closing", "sealed")),
    )
    .correlate(_organization)
)
_UNDECIDED = _FOREIGN.where(ForeignLine.decision.is_(None)).scalar_subquery()
_LEFT = _FOREIGN.where(ForeignLine.decision == "leave").scalar_subquery()
# Of the current invoice alone: those that nobody decided on, and those that somebody left.
_of_draft = select(func.count()).where(ForeignLine.invoice_id == _draft.c.id).correlate(_draft)
_OWN = (
    _of_draft.where(ForeignLine.decision.is_(None)).scalar_subquery(),
    _of_draft.where(ForeignLine.decision == "leave").scalar_subquery(),
)
_ACTIVE = (
    select(SyncRun.id)
    .where(SyncRun.invoice_id == _draft.c.id, SyncRun.state.in_(ACTIVE))
    .correlate(_draft)
    .exists()
)
_TROUBLES: dict[str, ColumnElement[bool]] = {
    "parked": _PARKED > 0,
    "differs": _UNDECIDED > 0,
    "held": _LEFT > 0,
    "failed": _draft.c.sync_failures > 0,
    "payment": _UNPAID > 0,
    "void": _VOID > 0,
}
