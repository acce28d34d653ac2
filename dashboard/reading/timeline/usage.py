"""Usage as it was counted: one row an hour, with all that it did to the lines of bills.

A line's last change stands on the line and those before it in `item_changes`; usage of an hour is
one change of each line (docs/decisions/item-history.md). Senders are not kept beside usage.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select, union_all

from dashboard.billing.change_models import ItemChange
from dashboard.billing.models import InvoiceItem
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price, PriceVersion
from dashboard.reading.timeline.happening import Counted, Happening
from dashboard.reading.timeline.wanted import EPOCH, Window

SOURCE = "usage"
OF = frozenset({"usage"})
HOUR = timedelta(hours=1)
# Lines in one reading; an organization with more of them in as many hours takes another.
MOST = 300

# An hour's changes: of which price version, what the line says, units and cents.
Row = tuple[int | None, str, Decimal, int, str]
Hours = dict[datetime, list[Row]]


def read_usage(window: Window) -> list[Happening]:
    """Return the newest hours in which usage was counted, each whole."""
    hours: Hours = {}
    until = _until(window)
    while True:
        rows = db.session.execute(_query(window, until)).all()
        for at, *counted in rows:
            hours.setdefault(_hour(at), []).append(tuple(counted))
        if len(rows) < MOST or len(hours) > window.size:
            break
        until = _read_again(hours, _hour(rows[-1][0]))
    newest = sorted(hours.items(), reverse=True)[: window.size]
    names = _names({row[0] for _, counted in newest for row in counted})
    return [
        Happening(
            hour, window.rank, (hour - EPOCH) // HOUR, SOURCE, SOURCE,
            tuple(_named(row, names) for row in counted),
        )
        for hour, counted in newest
    ]  # fmt: skip


def _names(version_ids: set[int | None]) -> dict[int, tuple[str, str]]:
    """Return what the prices of these versions, and a unit of them, are called."""
    known = [one for one in version_ids if one is not None]
    if not known:
        return {}
    query = select(PriceVersion.id, Price.name, Price.unit_label).join(
        Price, Price.id == PriceVersion.price_id
    )
    found = db.session.execute(query.where(PriceVersion.id.in_(known)))
    return {version_id: (name, unit or "") for version_id, name, unit in found}


def _named(row: Row, names: dict[int, tuple[str, str]]) -> Counted:
    version_id, description, quantity, cents, currency = row
    name, unit = names.get(version_id or 0, (description, ""))
    return Counted(name, unit, quantity, cents, currency)


def _read_again(hours: Hours, oldest: datetime) -> datetime:
    """Return from where on to read: the oldest hour may not be whole, unless it is all there is."""
    if len(hours) == 1:
        return oldest
    hours.pop(oldest)
    return oldest + HOUR


def _until(window: Window) -> datetime | None:
    """Return what the changes of the wanted hours come before; None for no end."""
    _, after = window.wanted.days
    place = window.before
    if place is None:
        return after
    begun = _hour(place.at)
    is_below = window.rank == place.rank or (window.rank > place.rank and begun == place.at)
    below = begun if is_below else begun + HOUR
    return below if after is None else min(below, after)


def _query(window: Window, until: datetime | None) -> Select[Any]:
    kept, line = ItemChange.__table__, InvoiceItem.__table__
    since, _ = window.wanted.days
    halves = []
    for of, at, cents in (
        (kept, kept.c.changed_at, kept.c.cents),
        (line, line.c.changed_at, line.c.amount_cents - line.c.carried_cents),
    ):
        half = select(
            at.label("at"),
            of.c.price_version_id,
            of.c.description,
            (of.c.quantity - of.c.quantity_before).label("quantity"),
            (cents - of.c.cents_before).label("cents"),
        ).where(of.c.organization_id == window.wanted.organization_id, of.c.cause == "usage")
        if since is not None:
            half = half.where(at >= since)
        if until is not None:
            half = half.where(at < until)
        halves.append(half.order_by(at.desc()).limit(MOST))
    currency = (
        select(Organization.currency)
        .where(Organization.id == window.wanted.organization_id)
        .scalar_subquery()
    )
    both = union_all(*halves).subquery("both")
    return (
        select(
            both.c.at,
            both.c.price_version_id,
            both.c.description,
            both.c.quantity,
            both.c.cents,
            currency,
        )
        .order_by(both.c.at.desc())
        .limit(MOST)
    )


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
