"""The forecast of the bill on a page, from the rows that the page has anyway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from dashboard.billing.chain import ChainKey
from dashboard.billing.forecast import (
    Forecast,
    began_at,
    extrapolate,
    forecast,
    is_moving,
    settled,
)
from dashboard.billing.habit import LastCycle
from dashboard.billing.models import Invoice
from dashboard.billing.outlook import NOBODY, Count, Seen, Share, SoFar
from dashboard.billing.period import Period
from dashboard.extensions import db
from dashboard.pricing.versions import in_force
from dashboard.reading.items import BilledItems
from dashboard.reading.prices import versions_of
from dashboard.reading.rows import Around, CurrentInvoice, Item, Version


def expected(
    invoice: CurrentInvoice, found: BilledItems, around: Around, *, now: datetime
) -> Forecast:
    """Return what the invoice will come to.

    No statement, unless a price of its usage has several versions or its cycle several invoices.
    """
    if not is_moving(invoice, now):
        return settled(invoice, LastCycle(around.last_cycle_cents))
    if not around.is_alone:
        # What earlier invoices of the cycle did with a cost is a long story, and a rare one.
        return forecast(db.session.get_one(Invoice, invoice.id), now=now)
    usage = [
        one for one in found.items if one.kind == "metered" and one.cycle_id == invoice.cycle_id
    ]
    began = around.starts_at
    if invoice.sequence == 1:
        began = began_at(began, invoice.created_at, around.attached_at)
    cycle = Period(around.starts_at, around.ends_at)
    seen = Seen(cycle.start, began, now, invoice.period_end)
    last = LastCycle.read(around.last_cycle_cents, around.habits)
    return extrapolate(invoice, seen, _counts(usage, found, cycle), _so_far(usage), last)


def _so_far(usage: Sequence[Item]) -> SoFar:
    return SoFar(
        units={_key(one.cycle_id, one.price_version_id or 0): one.quantity for one in usage},
        cents=sum(one.amount_cents for one in usage),
        before=lambda _key, _cents: 0,
    )


def _counts(usage: Sequence[Item], found: BilledItems, cycle: Period) -> list[Count]:
    """Return each price used."""
    if not usage:
        return []
    cycle_id = usage[0].cycle_id
    return [
        Count(
            versions[0].price_id,
            [
                Share(_key(cycle_id, version.id), shared, version.terms)
                for version, start, end in in_force(versions)
                if (shared := cycle.clip(Period(start, end))) is not None
            ],
            found.attached.get(versions[0].price_id, NOBODY),
        )
        for versions in _versions(usage, found)
    ]


def _versions(usage: Sequence[Item], found: BilledItems) -> Iterable[list[Version]]:
    """Return all versions of each price used, the earliest first."""
    if not found.have_others:
        return [[found.versions[one.price_version_id or 0]] for one in usage]
    versions = versions_of(one.price_id or 0 for one in usage)
    return [list(group) for _, group in groupby(versions, key=lambda version: version.price_id)]


def _key(cycle_id: int, version_id: int) -> ChainKey:
    return ChainKey(cycle_id, version_id, None)
