"""The items of a bill, with what prices their usage and what Stripe has of them: one statement.

They come as one text, and what was made of it is kept for the next who reads the same. Whatever
the items say, of prices and services too, is in the text: nothing has to be told to be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from dashboard.billing.forecast import attached_in
from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.outlook import Attached
from dashboard.billing.overview import GLANCES, KIND_ORDER
from dashboard.billing.reverse import reverses_key
from dashboard.extensions import db
from dashboard.intervals import INTERVALS, times_in
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_in
from dashboard.reading.groups import Part, by_product
from dashboard.reading.rows import AgreedLine, Item, Version
from dashboard.reading.told import Told, told
from dashboard.reading.undone import undone_keys
from dashboard.services.models import Service
from dashboard.statement import Statement, columns, parameter
from dashboard.sync.models import SyncedLine


@dataclass
class BilledItems:
    """The items in the order of the page, and the lines that Stripe last confirmed.

    `versions` are those that usage is billed under, by id, and `attached` the services that use
    them, by price. `have_others`: a price of theirs has versions besides, so these do not say when
    each is in force. Readers share it, so it is only read; `shown` is what pages made of it.
    """

    items: list[Item] = field(default_factory=list)
    versions: dict[int, Version] = field(default_factory=dict)
    attached: dict[int, Attached] = field(default_factory=dict)
    lines: list[AgreedLine] = field(default_factory=list)
    have_others: bool = False
    shown: dict[Hashable, Any] = field(default_factory=dict)

    @cached_property
    def undone(self) -> frozenset[str]:
        """Return the keys of those that were reversed, with their reversals."""
        return undone_keys(self.items, lambda item: item.billed_cents)

    @cached_property
    def told(self) -> Sequence[Item]:
        """Return the items without those that were reversed and come to nothing."""
        return [item for item in self.items if item.key not in self.undone]

    @cached_property
    def products(self) -> Sequence[Part]:
        """Return those by product."""
        return by_product(self.told)


def read_items(invoice_id: int, *, with_lines: bool) -> BilledItems:
    """Return the items of an invoice; what Stripe has of them only where it is shown."""
    row = (_WITH_LINES if with_lines else _ALONE).row(invoice=invoice_id)
    text: str = row[0] if row and row[0] else "[]"
    return (_kept if len(text) <= MOST_KEPT else _made_of)(text)


def items_of_invoice(invoice: Invoice, *, with_lines: bool) -> BilledItems:
    """Return the items of any invoice, and read it again where its total is not theirs any more.

    For who only looks: usage may be counted after the invoice was read and before its items are.
    """
    found = read_items(invoice.id, with_lines=with_lines)
    for _ in range(GLANCES):
        if sum(item.billed_cents for item in found.items) == invoice.total_cents:
            break
        db.session.expire(invoice)
        found = read_items(invoice.id, with_lines=with_lines)
    return found


def _made_of(text: str) -> BilledItems:
    found = BilledItems()
    for row in json.loads(text):
        _add(found, row)
    return found


# Of so many invoices, none of which has more than about three hundred items.
_kept = lru_cache(maxsize=64)(_made_of)
MOST_KEPT = 150_000


def _add(found: BilledItems, row: Sequence[Any]) -> None:
    if row[0] is not None:
        found.items.append(_item_of(row[:_ITEM]))
    if row[_ITEM] is not None:
        version = found.versions[row[_ITEM]] = _version_of(row[_ITEM:_VERSION])
        found.have_others |= row[_VERSION]
        found.attached[version.price_id] = _attached_of(row[_VERSION + 1 : _LINE])
    # Its own key; a line that stands for several items comes without one.
    if len(row) > _LINE and row[_LINE] is not None:
        found.lines.append(_line_of(row[_LINE:]))


_item_of, _version_of, _attached_of, _line_of = (
    Told(Item), Told(Version), Told(Attached), Told(AgreedLine),
)  # fmt: skip
_ITEM = len(Item._fields)
# Of an item's own; those that follow are its price's, and its version's.
_OWN = Item._fields.index("price_id")
_VERSION = _ITEM + len(Version._fields)
_LINE = _VERSION + 1 + len(Attached._fields)
_invoice = parameter("invoice", BigInteger)
_item, _price = InvoiceItem.__table__, Price.__table__.alias("price")
_cycle = BillingCycle.__table__
# Of the item's version, its name; of one that prices usage, its terms too.
_named, _rating = PriceVersion.__table__.alias("named"), PriceVersion.__table__.alias("rating")


def _own() -> Subquery:
    other = PriceVersion.__table__.alias("other")
    is_other = and_(other.c.price_id == _rating.c.price_id, other.c.id != _rating.c.id)
    is_rating = and_(_rating.c.id == _named.c.id, _item.c.kind == "metered")
    since, is_going_on = attached_in(_cycle.c.starts_at)
    attached = (
        select(since.label("since"), func.coalesce(is_going_on, false()).label("is_going_on"))
        .where(
            Service.organization_id == _item.c.organization_id,
            Service.price_id == _rating.c.price_id,
        )
        .lateral("attached")
    )
    return (
        select(
            *(_item.c[name] for name in Item._fields[:_OWN]),
            _named.c.price_id,
            func.coalesce(_price.c.unit_label, "").label("unit_label"),
            product_in(_price).label("product"),
            _price.c.name.label("price_name"),
            _named.c.model,
            (_named.c.unit_amount * _times()).label("unit_amount"),
            _named.c.package_size,
            reverses_key(_item).label("reverses"),
            *(_rating.c[name].label(f"rating_{name}") for name in Version._fields[:-2]),
            _price.c.currency.label("rating_currency"),
            _price.c.unit_label.label("rating_unit_label"),
            exists().where(is_other).label("has_others"),
            attached.c.since,
            attached.c.is_going_on,
            KIND_ORDER.label("kind_order"),
        )
        .select_from(
            _item.outerjoin(_named, _named.c.id == _item.c.price_version_id)
            .outerjoin(_rating, is_rating)
            .outerjoin(_price, _price.c.id == _named.c.price_id)
            .join(_cycle, _cycle.c.id == _item.c.cycle_id)
            .join(attached, true())
        )
        .where(_item.c.invoice_id == _invoice)
        .subquery("own")
    )


def _times() -> ColumnElement[int]:
    """Return how many times a whole cycle of the item asks for what its price is for."""
    more = [
        (and_(_price.c.interval == of, _cycle.c.interval == interval), times)
        for of in INTERVALS
        for interval in INTERVALS
        if (times := times_in(of, interval)) not in (None, 1)
    ]
    return case((_item.c.kind != "recurring", 1), *more, else_=1)


def _statement(*, with_lines: bool) -> Statement:
    own = _own()
    # The last column is what they are ordered by.
    shown: list[ColumnElement[Any]] = [*own.c][:-1]
    source: FromClause = own
    if with_lines:
        of_line = SyncedLine.__table__
        line = select(*(of_line.c[name] for name in AgreedLine._fields)).where(
            of_line.c.invoice_id == _invoice
        ).subquery("line")  # fmt: skip
        shown += columns(AgreedLine, line)
        source = own.outerjoin(line, line.c.key == own.c.key, full=True)
    place = (own.c.kind_order, own.c.description, own.c.id)
    rows = func.json_agg(aggregate_order_by(told(shown), *place))
    return Statement(select(cast(rows, Text)).select_from(source))


_ALONE, _WITH_LINES = _statement(with_lines=False), _statement(with_lines=True)
