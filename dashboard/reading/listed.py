"""A row of support's list of organizations, and the orders in which the list is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, String, and_
from sqlalchemy.sql.selectable import FromClause, NamedFromClause
from sqlalchemy.types import TypeEngine

from dashboard.billing.models import Invoice
from dashboard.keyset import instant_at
from dashboard.organizations.models import Organization
from dashboard.reading.sync_status import State, Waiting, state_of
from dashboard.reading.troubles import Troubles


class ListedInvoice(NamedTuple):
    """The current invoice of an organization, as far as the list shows it."""

    id: int
    currency: str
    total_cents: int
    period_end: datetime
    last_synced_at: datetime | None
    parked_at: datetime | None
    billed_with: str
    sync_failures: int
    needs_verification: bool
    revision: int
    synced_revision: int

    @property
    def is_dirty(self) -> bool:
        """Whether the ledger holds something that Stripe was not told."""
        return self.revision > self.synced_revision


class ListedOwner(NamedTuple):
    """Whose row it is."""

    id: int
    slug: str
    name: str
    email: str


class ListedOrganization(NamedTuple):
    """One row: the organization, its current invoice with its state, and what needs a person."""

    organization: ListedOwner
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


class Order(NamedTuple):
    """An order of the list: what it reads the ids from, and what their places hold."""

    source: FromClause
    column: ColumnElement[Any]
    id: ColumnElement[int]
    kind: TypeEngine[Any]
    read: Callable[[str], object | None]
    value: Callable[[ListedOrganization], str]


def is_draft_of(draft: NamedFromClause, organization: NamedFromClause) -> ColumnElement[bool]:
    """Return the condition that an invoice is the current one of an organization."""
    return and_(draft.c.organization_id == organization.c.id, draft.c.status == "draft")


def _end_of(one: ListedOrganization) -> str:
    return one.invoice.period_end.isoformat() if one.invoice else ""


FOUND = Organization.__table__.alias("found")
_ending = Invoice.__table__.alias("ending")
ORDERS = {
    "name": Order(
        FOUND, FOUND.c.name, FOUND.c.id, String(), str, lambda one: one.organization.name
    ),
    # Every organization has a current invoice: the ledger opens the next as it closes one.
    "ends": Order(
        FOUND.join(_ending, is_draft_of(_ending, FOUND)),
        _ending.c.period_end,
        _ending.c.organization_id,
        DateTime(timezone=True),
        instant_at,
        _end_of,
    ),
}
