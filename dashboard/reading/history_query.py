"""How the history of an organization's lines is asked for: one statement, newest first.

Each line holds its last change, and a table those before it; both are read as one list. What an
invoice came to after a change is its total now less what came since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from dashboard.billing.change_models import ItemChange
from dashboard.billing.models import Adjustment, Invoice, InvoiceItem
from dashboard.ids import read_id
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_in
from dashboard.services.models import Service

# Everything but hours of usage.
FACTS = "facts"
OF_SERVICES = ("attach", "detach", "quantity")
OF_INVOICES = ("correction", "credit_note", "sync")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where a history is read on: below the change of this instant, line and number."""

    at: datetime
    item_id: int
    number: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.item_id}-{self.number}"

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Return the place that an address holds, None when it holds none."""
        numbers = [number for part in text.split("-") if (number := read_id(part)) is not None]
        try:
            micros, item_id, number = numbers
            return cls(EPOCH + timedelta(microseconds=micros), item_id, number)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What to keep of an organization's history; None keeps everything.

    `first` and `last` are UTC days, both included.
    """

    organization_id: int
    item_id: int | None = None
    product: str | None = None
    cause: str | None = None
    first: date | None = None
    last: date | None = None


sold = Price.__table__.alias("sold")
price_product = product_in(sold)
_archived, _item = ItemChange.__table__, InvoiceItem.__table__
_SAME = (
    "cause", "cause_id", "actor_kind", "actor_label", "quantity_before", "quantity",
    "cents_before",
)  # fmt: skip
_OF_PAGE = (
    "invoice_id", "changed_at", "item_id", "number", "ended_at", *_SAME, "cents", "kind",
    "description",
)  # fmt: skip
_about = Invoice.__table__.alias("about")
_made = Adjustment.__table__


class _Source(NamedTuple):
    """Where changes are kept, with what is asked of either place."""

    table: Any
    place: tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]
    ended_at: ColumnElement[Any]
    cents: ColumnElement[Any]


_changed_at = func.coalesce(_item.c.changed_at, _item.c.updated_at)
_SOURCES = (
    _Source(
        _archived,
        (_archived.c.changed_at, _archived.c.item_id, _archived.c.change_number),
        _archived.c.ended_at,
        _archived.c.cents,
    ),
    _Source(
        _item,
        (_changed_at, _item.c.id, _item.c.change_number),
        func.greatest(_changed_at, _item.c.updated_at),
        _item.c.amount_cents - _item.c.carried_cents,
    ),
)


def history_query(wanted: HistoryFilter, before: Place | None, size: int) -> Select[Any]:
    """Return what finds the newest changes below `before`, as rows of `history.Told`."""
    found = union_all(*(_some(source, wanted, before, size) for source in _SOURCES)).subquery()
    page = select(found).order_by(*_newest_first(found)).limit(size).cte("page")
    since = _since(page)
    is_there = select(_item.c.id).where(_item.c.id == page.c.item_id).exists()
    invoice = Invoice.__table__
    return (
        select(
            *(page.c[name] for name in _OF_PAGE),
            is_there.label("is_there"),
            invoice.c.sequence,
            invoice.c.number,
            invoice.c.currency,
            cast(invoice.c.total_cents - since.c.cents, BigInteger).label("invoice_cents"),
            price_product.label("product"),
            func.coalesce(sold.c.unit_label, "").label("unit_label"),
            Service.label,
            _about.c.sequence.label("about_sequence"),
            _made.c.reverses_id.is_not(None).label("is_reversal"),
        )
        .select_from(page)
        .join(since, tuple_(*_place(since)) == tuple_(*_place(page)))
        .join(invoice, invoice.c.id == page.c.invoice_id)
        .outerjoin(PriceVersion, PriceVersion.id == page.c.price_version_id)
        .outerjoin(sold, sold.c.id == PriceVersion.price_id)
        .outerjoin(Service, Service.id == _service_id(page))
        .outerjoin(_about, _about.c.id == _cause_id(page, OF_INVOICES))
        .outerjoin(_made, _made.c.id == _cause_id(page, ("adjustment",)))
        .order_by(*_newest_first(page))
    )


def _some(source: _Source, wanted: HistoryFilter, before: Place | None, size: int) -> Select[Any]:
    """Return the newest changes that are kept in one place, as far as they are wanted."""
    at, item_id, number = source.place
    of = source.table.c
    query = select(
        of.invoice_id,
        at.label("changed_at"),
        item_id.label("item_id"),
        number.label("number"),
        source.ended_at.label("ended_at"),
        *(of[name] for name in _SAME),
        source.cents.label("cents"),
        of.kind,
        of.description,
        of.price_version_id,
        of.service_id,
    ).where(of.organization_id == wanted.organization_id)
    if wanted.item_id is not None:
        on = select(_item.c.invoice_id).where(_item.c.id == wanted.item_id)
        query = query.where(item_id == wanted.item_id, of.invoice_id == on.scalar_subquery())
    if wanted.cause:
        is_fact = of.cause != literal_column("'usage'")
        is_wanted = is_fact if wanted.cause == FACTS else of.cause == wanted.cause
        query = query.where(is_wanted)
    if wanted.product:
        query = query.where(of.price_version_id.in_(_versions(wanted.product)))
    if wanted.first:
        query = query.where(at >= _midnight(wanted.first))
    if wanted.last:
        query = query.where(at < _midnight(wanted.last) + timedelta(days=1))
    if before:
        query = query.where(tuple_(*source.place) < tuple_(*_literals(before)))
    return query.order_by(at.desc(), item_id.desc(), number.desc()).limit(size)


def _since(page: CTE) -> Subquery:
    """Return by how much the invoices on the page changed since each change, on the page or not."""
    oldest = select(func.min(page.c.changed_at)).scalar_subquery()
    of_page = select(page.c.invoice_id).distinct()
    moves = union_all(
        *(
            select(
                source.table.c.invoice_id,
                source.place[0].label("changed_at"),
                source.place[1].label("item_id"),
                source.place[2].label("number"),
                (source.cents - source.table.c.cents_before).label("cents"),
            ).where(source.table.c.invoice_id.in_(of_page), source.place[0] >= oldest)
            for source in _SOURCES
        )
    ).subquery("moves")
    newer = func.sum(moves.c.cents).over(
        partition_by=moves.c.invoice_id, order_by=_newest_first(moves), rows=(None, 0)
    )
    return select(*_place(moves), (newer - moves.c.cents).label("cents")).subquery("since")


def _literals(place: Place) -> tuple[ColumnElement[Any], ...]:
    at = literal(place.at, DateTime(timezone=True))
    return at, literal(place.item_id, BigInteger()), literal(place.number, BigInteger())


def _place(of: Any) -> tuple[ColumnElement[Any], ...]:
    return of.c.changed_at, of.c.item_id, of.c.number


def _newest_first(of: Any) -> list[ColumnElement[Any]]:
    return [one.desc() for one in _place(of)]


def _service_id(page: CTE) -> ColumnElement[Any]:
    return func.coalesce(_cause_id(page, OF_SERVICES), page.c.service_id)


def _cause_id(page: CTE, causes: Sequence[str]) -> ColumnElement[Any]:
    return case((page.c.cause.in_(causes), page.c.cause_id))


def _versions(product: str) -> Select[Any]:
    query = select(PriceVersion.id).join(sold, sold.c.id == PriceVersion.price_id)
    return query.where(price_product == product)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
