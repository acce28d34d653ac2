"""Rows that a sync starts from: read past the session, so as they are now.

A sync keeps what it has loaded over its commits; people decide and usage arrives meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    SQLColumnExpression,
    Text,
    case,
    cast,
    literal,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from dashboard.billing.models import InvoiceItem
from dashboard.extensions import Model
from dashboard.statement import Statement, parameter
from dashboard.sync.models import AddedLine, SyncedLine


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


class Added(NamedTuple):
    """A line that is not ours, and what was decided about it."""

    stripe_line_id: str
    amount_cents: int
    description: str
    found_at: datetime
    decision: str | None


class Sides(NamedTuple):
    """The three sides of an invoice's lines: the ledger's, the agreed ones, and what is not ours.

    Metered items come first, agreed lines by key, those added at Stripe by Stripe's id.
    """

    charges: list[Charge]
    agreed: list[Agreed]
    added: list[Added]


def read_sides(invoice_id: int) -> Sides:
    """Return the lines of an invoice by side: one statement, as each costs more than its rows."""
    sides = Sides([], [], [])
    for side, *row in _SIDES.rows(invoice=invoice_id):
        key, line_id, cents, description, start, end, quantity, version, decision = row[:_WIDTH]
        if side == _CHARGE:
            charge = Charge(key, description, quantity, cents, start, end, version)
            sides.charges.append(charge)
        elif side == _AGREED:
            sides.agreed.append(Agreed(key, line_id, cents, description, start, end))
        else:
            sides.added.append(Added(line_id, cents, description, start, decision))
    return sides


_CHARGE, _AGREED, _ADDED = range(3)
_INSTANT = DateTime(timezone=True)
# What a side does not have is null.
_KINDS: Mapping[str, TypeEngine[Any]] = {
    "key": Text(),
    "stripe_line_id": Text(),
    "amount_cents": BigInteger(),
    "description": Text(),
    "period_start": _INSTANT,
    "period_end": _INSTANT,
    "quantity": Numeric(),
    "price_version_id": BigInteger(),
    "decision": Text(),
}
_WIDTH = len(_KINDS)


def _side(
    number: int, table: type[Model], *order: SQLColumnExpression[Any], **other: ColumnElement[Any]
) -> Select[Any]:
    """Return one side's rows, with what they are ordered by: a number, then a name."""
    own = {**{one.name: one for one in table.__table__.c if one.name in _KINDS}, **other}
    found = [own.get(name, cast(null(), kind)).label(name) for name, kind in _KINDS.items()]
    places: list[ColumnElement[Any]] = [one.label(f"place_{at}") for at, one in enumerate(order)]
    of_invoice = table.__table__.c.invoice_id == parameter("invoice", BigInteger)
    return select(literal_column(str(number)).label("side"), *found, *places).where(of_invoice)


_NO_NAME, _NO_NUMBER = cast(literal(""), Text), literal_column("0", BigInteger)
_SIDES = Statement(
    union_all(
        # What moves every hour first: a reply shows ten lines, so their ids are known from that.
        _side(
            _CHARGE,
            InvoiceItem,
            case((InvoiceItem.kind == "metered", 0), else_=InvoiceItem.id),
            InvoiceItem.id,
            _NO_NAME,
        ),
        _side(_AGREED, SyncedLine, _NO_NUMBER, _NO_NUMBER, SyncedLine.key),
        _side(
            _ADDED,
            AddedLine,
            _NO_NUMBER,
            _NO_NUMBER,
            AddedLine.stripe_line_id,
            period_start=AddedLine.__table__.c.found_at,
        ),
    ).order_by("side", "place_0", "place_1", "place_2")
)
