"""The last twelve cycles: what their invoices came to, by product or by service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Select, case, func, select

from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_in
from dashboard.reading.rows import CurrentInvoice
from dashboard.reading.spend.groups import Group, fold
from dashboard.reading.spend.model import Prospect, Spend
from dashboard.services.models import Service
from dashboard.statement import Statement, parameter

CYCLES = 12
ONE_OFF = "Charges and credits"


def spend_of_cycles(
    invoice: CurrentInvoice, ahead: Prospect, *, by_service: bool, now: datetime
) -> Spend:
    """Return what the invoices of each of the last twelve cycles came to: one statement.

    So each bar is what its invoices say, before tax; void ones are none.
    """
    costs: dict[Hashable, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    names: dict[Hashable, str] = {}
    rows = _CYCLES.rows(organization=invoice.organization_id, services=by_service, most=CYCLES)
    starts = {cycle_id: start for cycle_id, start, *_ in sorted(rows, key=_begin)}
    for cycle_id, _, place, name, cents in rows:
        if cents is not None:
            key = place if by_service and place is not None else name
            names[key] = name or ONE_OFF
            costs[key][cycle_id] += int(cents)
    groups = [Group(name, [costs[key][one] for one in starts]) for key, name in names.items()]
    more = 0 if ahead.likely is None else max(ahead.likely - invoice.total_cents, 0)
    length = invoice.period_end - invoice.period_start
    return Spend(
        currency=invoice.currency,
        starts=[one.date() for one in starts.values()],
        groups=groups,
        series=fold(groups, [sum(group.cents) for group in groups]),
        expected=[0] * (len(starts) - 1) + [more],
        last=[None] * len(starts),
        today=len(starts) - 1,
        elapsed=min(max((now - invoice.period_start) / length, 0.0), 1.0),
        by_month=True,
    )


def _begin(row: tuple[Any, ...]) -> datetime:
    begin: datetime = row[1]
    return begin


def _cycles() -> Select[Any]:
    cycle, invoice, item = BillingCycle.__table__, Invoice.__table__, InvoiceItem.__table__
    version, price = PriceVersion.__table__, Price.__table__
    service = Service.__table__
    by_service = parameter("services", Boolean)
    recent = (
        select(cycle.c.id, cycle.c.starts_at)
        .where(cycle.c.organization_id == parameter("organization", BigInteger))
        .order_by(cycle.c.sequence.desc())
        .limit(parameter("most", BigInteger))
        .cte("recent")
    )
    called = func.coalesce(func.nullif(service.c.label, ""), service.c.external_id, price.c.name)
    place = case((by_service, service.c.id), else_=price.c.id)
    name = case((by_service, called), else_=product_in(price))
    is_of_cycle = (invoice.c.cycle_id == recent.c.id) & (invoice.c.status != "void")
    return (
        select(
            recent.c.id,
            recent.c.starts_at,
            place,
            name,
            func.sum(item.c.amount_cents - item.c.carried_cents),
        )
        .select_from(
            recent.outerjoin(invoice, is_of_cycle)
            .outerjoin(item, item.c.invoice_id == invoice.c.id)
            .outerjoin(version, version.c.id == item.c.price_version_id)
            .outerjoin(price, price.c.id == version.c.price_id)
            .outerjoin(service, service.c.id == item.c.service_id)
        )
        .group_by(recent.c.id, recent.c.starts_at, place, name)
        .order_by(place.nulls_last(), recent.c.starts_at)
    )


_CYCLES = Statement(_cycles())
