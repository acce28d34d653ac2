"""Rows that a sync starts from: read past the session, so as they are now.

A sync keeps what it has loaded over its commits; people decide and usage arrives meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, select

from dashboard.billing.models import InvoiceItem
from dashboard.statement import Statement, parameter
from dashboard.sync.models import ForeignLine, SyncedLine


class Charge(NamedTuple):
    """An item, as far as its line at Stripe depends on it."""

    key: str
    description: str
    quantity: Decimal
    amount_cents: int
    period_start: datetime
    period_end: datetime
    price_version_id: int | None


class Agreed(NamedTuple):
    """A line of ours as Stripe last confirmed it."""

    key: str
    stripe_line_id: str | None
    amount_cents: int
    description: str
    period_start: datetime
    period_end: datetime


class Foreign(NamedTuple):
    """A line that is not ours, and what was decided about it."""

    stripe_line_id: str
    amount_cents: int
    description: str
    found_at: datetime
    decision: str | None


def charges_of(invoice_id: int) -> Iterator[Charge]:
    """Yield the items of an invoice, metered ones first."""
    return (Charge._make(row) for row in _CHARGES.rows(invoice=invoice_id))


def agreed_of(invoice_id: int) -> Iterator[Agreed]:
    """Yield the agreed lines of an invoice, by key."""
    return (Agreed._make(row) for row in _AGREED.rows(invoice=invoice_id))


def foreign_of(invoice_id: int) -> list[Foreign]:
    """Return the foreign lines of an invoice, by Stripe's id."""
    return [Foreign._make(row) for row in _FOREIGN.rows(invoice=invoice_id)]


_invoice = parameter("invoice", BigInteger)
_CHARGES = Statement(
    select(*(InvoiceItem.__table__.c[name] for name in Charge._fields))
    .where(InvoiceItem.invoice_id == _invoice)
    # What moves every hour first: a reply shows ten lines, so their ids are known without a read.
    .order_by(InvoiceItem.kind != "metered", InvoiceItem.id)
)
_AGREED = Statement(
    select(*(SyncedLine.__table__.c[name] for name in Agreed._fields))
    .where(SyncedLine.invoice_id == _invoice)
    .order_by(SyncedLine.key)
)
_FOREIGN = Statement(
    select(*(ForeignLine.__table__.c[name] for name in Foreign._fields))
    .where(ForeignLine.invoice_id == _invoice)
    .order_by(ForeignLine.stripe_line_id)
)
