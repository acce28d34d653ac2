"""The statement that a spend chart asks: one, so that it sees one state of the ledger.

Usage that is counted meanwhile is on both its day and its item, or on neither. Each kind of row
comes as the text of one JSON array, which takes a tenth of reading rows; decimals are text in it
and stay exact.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from dashboard.billing.models import BillingCycle, InvoiceItem
from dashboard.billing.reverse import reverses_key
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_in
from dashboard.services.models import Service
from dashboard.statement import Statement, parameter
from dashboard.usage.models import UsageTotal

_organization, _invoice = parameter("organization", BigInteger), parameter("invoice", BigInteger)
_by_service = parameter("services", Boolean)


def _cycles() -> CTE:
    cycle, own = BillingCycle.__table__, BillingCycle.__table__.alias("own")
    is_own = own.c.id == parameter("cycle", BigInteger)
    last = select(own.c.sequence).where(is_own).scalar_subquery()
    return (
        select(cycle.c.id, cycle.c.starts_at, cycle.c.ends_at)
        .where(
            cycle.c.organization_id == _organization,
            cycle.c.sequence.between(last - parameter("back", BigInteger), last),
            cycle.c.ends_at > parameter("since", cycle.c.ends_at.type),
        )
        .cte("cycles")
    )


def _items(cycles: CTE) -> CTE:
    item, version = InvoiceItem.__table__, PriceVersion.__table__
    segments = item.c.trace["segments"]
    return (
        select(
            item.c.kind,
            item.c.invoice_id,
            item.c.cycle_id,
            version.c.price_id,
            case((_by_service, item.c.service_id)).label("service_id"),
            (item.c.amount_cents - item.c.carried_cents).label("cents"),
            item.c.period_start,
            item.c.period_end,
            func.date(func.timezone("UTC", item.c.created_at)).label("added_on"),
            # With one segment its period says as much.
            case(
                (
                    (item.c.kind == "recurring") & (func.jsonb_array_length(segments) > 1),
                    segments,
                )
            ).label("stretches"),
            func.json_build_array(
                case((item.c.kind == "adjustment", item.c.key), else_=""), reverses_key(item)
            ).label("keys"),
            version.c.id.label("version_id"),
        )
        .select_from(item.outerjoin(version, version.c.id == item.c.price_version_id))
        .where(
            item.c.organization_id == _organization,
            or_(item.c.cycle_id.in_(select(cycles.c.id)), item.c.invoice_id == _invoice),
        )
        .cte("items")
    )


def _used(cycles: CTE) -> CTE:
    total = UsageTotal.__table__
    service = case((_by_service, total.c.service_id)).label("service_id")
    return (
        select(
            total.c.cycle_id,
            total.c.price_version_id,
            service,
            total.c.day,
            func.sum(total.c.quantity).label("units"),
        )
        .where(total.c.organization_id == _organization, total.c.cycle_id.in_(select(cycles.c.id)))
        .group_by(total.c.cycle_id, total.c.price_version_id, service, total.c.day)
        .cte("used")
    )


def _spend() -> Select[Any]:
    cycles = _cycles()
    items, used = _items(cycles), _used(cycles)
    version, price, service = PriceVersion.__table__, Price.__table__, Service.__table__
    counted = (
        select(version.c.price_id)
        .where(version.c.id.in_(select(used.c.price_version_id)))
        .cte("counted")
    )
    is_counted = version.c.price_id.in_(select(counted.c.price_id))
    is_sold = price.c.id.in_(select(items.c.price_id).union(select(counted.c.price_id)))
    is_named = _by_service & service.c.id.in_(
        select(items.c.service_id).union(select(used.c.service_id))
    )
    name = func.coalesce(func.nullif(service.c.label, ""), service.c.external_id, price.c.name)
    served = service.join(price, price.c.id == service.c.price_id)
    terms = version.join(price, price.c.id == version.c.price_id)
    return select(
        _rows(cycles.c.id, cycles.c.starts_at, cycles.c.ends_at, order=cycles.c.starts_at),
        _rows(*list(items.c)[:-1]),
        _rows(*list(used.c)[:-1], cast(used.c.units, Text)),
        _rows(
            *(version.c.id, version.c.price_id, version.c.effective_at, version.c.model),
            *(cast(version.c[one], Text) for one in ("unit_amount", "allowance", "package_size")),
            *(version.c.tiers, price.c.currency, price.c.unit_label),
            source=select().select_from(terms).where(is_counted),
            order=version.c.effective_at,
        ),
        _rows(price.c.id, price.c.name, product_in(price), source=select().where(is_sold)),
        _rows(service.c.id, name, source=select().select_from(served).where(is_named)),
    )


def _rows(
    *columns: ColumnElement[Any],
    source: Select[Any] | None = None,
    order: ColumnElement[Any] | None = None,
) -> ColumnElement[Any]:
    row = func.json_build_array(*columns)
    rows = func.json_agg(row) if order is None else func.json_agg(aggregate_order_by(row, order))
    text = cast(rows, Text)
    query = select(text) if source is None else source.add_columns(text)
    return query.scalar_subquery()


SPEND = Statement(_spend())
