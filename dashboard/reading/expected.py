"""The forecast of the bill on a page, from the rows that the page has anyway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ARRAY, BigInteger, any_, select

from dashboard.billing.chain import ChainKey
from dashboard.billing.forecast import (
    Forecast,
    Seen,
    Share,
    SoFar,
    began_at,
    extrapolate,
    forecast,
    is_moving,
    settled,
)
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.extensions import db
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.versions import in_force
from dashboard.reading.rows import Around, CurrentInvoice, Item, Version
from dashboard.statement import Statement, parameter


def expected(
    invoice: CurrentInvoice, items: Sequence[Item], around: Around, *, now: datetime
) -> Forecast:
    """Return what the invoice will come to; one statement, for the terms of its prices."""
    if not is_moving(invoice, now):
        return settled(invoice)
    if not around.is_alone:
        # What earlier invoices of the cycle did with a cost is a long story, and a rare one.
        return forecast(db.session.get_one(Invoice, invoice.id), now=now)
    usage = [one for one in items if one.kind == "metered" and one.cycle_id == invoice.cycle_id]
    began = around.starts_at
    if invoice.sequence == 1:
        began = began_at(began, invoice.created_at, around.attached_at)
    cycle = Period(around.starts_at, around.ends_at)
    return extrapolate(invoice, Seen(began, now), _counts(usage, cycle), _so_far(usage))


def _so_far(usage: Sequence[Item]) -> SoFar:
    return SoFar(
        units={_key(one.cycle_id, one.price_version_id or 0): one.quantity for one in usage},
        cents=sum(one.amount_cents for one in usage),
        before=lambda _key, _cents: 0,
    )


def _counts(usage: Sequence[Item], cycle: Period) -> list[list[Share]]:
    """Return, for each price used, its versions in force in the cycle, the earliest first."""
    if not usage:
        return []
    rows = _VERSIONS.rows(prices=[one.price_id for one in usage])
    versions = map(Version._make, rows)
    cycle_id = usage[0].cycle_id
    return [
        [
            Share(_key(cycle_id, version.id), shared, version.terms)
            for version, start, end in in_force(list(group))
            if (shared := cycle.clip(Period(start, end))) is not None
        ]
        for _, group in groupby(versions, key=lambda version: version.price_id)
    ]


def _key(cycle_id: int, version_id: int) -> ChainKey:
    return ChainKey(cycle_id, version_id, None)


_version = PriceVersion.__table__
_VERSIONS = Statement(
    select(
        *(_version.c[name] for name in Version._fields[:-2]),
        Price.currency,
        Price.unit_label,
    )
    .join_from(_version, Price, Price.id == _version.c.price_id)
    .where(_version.c.price_id == any_(parameter("prices", ARRAY(BigInteger))))
    .order_by(_version.c.price_id, _version.c.effective_at)
)
