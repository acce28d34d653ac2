"""Nearly all usage: more of what the current invoice bills already, of a price with one version.

Its item is then the only one of its count, so it is rated by itself, and nothing of it was billed
before: a statement reads the items of any number of organizations, and one writes them and their
invoices. Through the session each took a quarter of a millisecond. All else is left to `metered`,
which would write the same.

Their explanations are not written: they follow from version and units (`InvoiceItem.trace`), and to
word them took as long as all else of a fold, to be overwritten a second later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import inspect, text
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.billing.cause import beginning_of_hour
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.revision import next_revision, sync_due
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import cents_of_usage
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import load_windows_of
from dashboard.usage.arrays import decimals, instants, integers

Units = dict[tuple[int, int], Decimal]
TOUCHED = ("revision", "total_cents", "next_sync_at")

# The items of what is asked, where there is no other of the same cycle and version.
ITEMS = text("""
    select cycle_id, price_version_id, min(id), min(invoice_id), min(description), min(quantity),
           min(amount_cents)
    from invoice_items
    join unnest(cast(:organizations as bigint[]), cast(:cycles as bigint[]),
                cast(:versions as bigint[]))
        as asked (organization_id, cycle_id, price_version_id)
        using (organization_id, cycle_id, price_version_id)
    where kind = 'metered'
    group by cycle_id, price_version_id having count(*) = 1
""")

WRITE = text("""
    with items as (
        update invoice_items as item
        set quantity = rated.quantity, amount_cents = rated.amount_cents, trace = '{}',
            revision = rated.revision, updated_at = :now,
            changed_at = case when item.cause = 'usage' and item.changed_at >= :hour
                              then item.changed_at else :now end,
            cause = 'usage', cause_id = null, actor_kind = null, actor_id = null,
            actor_label = null
        from unnest(
            cast(:items as bigint[]), cast(:quantities as numeric[]), cast(:amounts as bigint[]),
            cast(:borne as bigint[]))
        as rated (id, quantity, amount_cents, revision)
        where item.id = rated.id
    )
    update invoices as invoice
    set revision = touched.revision, total_cents = touched.total_cents,
        next_sync_at = touched.next_sync_at
    from unnest(
        cast(:invoices as bigint[]), cast(:revisions as bigint[]), cast(:totals as bigint[]),
        cast(:syncs as timestamptz[]))
    as touched (id, revision, total_cents, next_sync_at)
    where invoice.id = touched.id
""")


class _Item(NamedTuple):
    cycle_id: int
    version_id: int
    id: int
    invoice_id: int
    description: str
    quantity: Decimal
    amount_cents: int


class _Rated(NamedTuple):
    item: _Item
    quantity: Decimal
    amount_cents: int


def add_plain(units: Units, locked: Collection[Invoice], *, now: datetime) -> Units:
    """Add the plain ones of `units` to their items and touch the invoices; return the others.

    `locked` are the open invoices of all organizations that the cycles belong to. Raises
    AmountTooLarge.
    """
    drafts = {one.cycle_id: one for one in locked if one.status == "draft"}
    plain = _plain_terms({version_id for _, version_id in units})
    rated: dict[Invoice, list[_Rated]] = defaultdict(list)
    rest = dict(units)
    # Nothing more may leave the bill as it is.
    keys = [key for key in units if key[0] in drafts and key[1] in plain and units[key]]
    for item in _items(keys, drafts):
        draft, (name, terms) = drafts[item.cycle_id], plain[item.version_id]
        if draft.id == item.invoice_id and item.description == name:
            quantity = EXACT.add(item.quantity, rest.pop((item.cycle_id, item.version_id)))
            rated[draft].append(_Rated(item, quantity, cents_of_usage(terms, quantity)))
    if rated:
        _write(rated, now)
    return rest


def _plain_terms(version_ids: Collection[int]) -> dict[int, tuple[str, Terms]]:
    """Return what those of prices with one version are called and rated by."""
    windows = load_windows_of(version_ids)
    return {
        version_id: (window.price.name, window.terms)
        for version_id, window in windows.items()
        if len(window.versions) == 1
    }


def _items(keys: Collection[tuple[int, int]], drafts: dict[int, Invoice]) -> list[_Item]:
    if not keys:
        return []
    # What the session holds and has not written yet comes first, as before every query of its own.
    db.session.flush()
    asked = {
        "organizations": integers(drafts[cycle_id].organization_id for cycle_id, _ in keys),
        "cycles": integers(cycle_id for cycle_id, _ in keys),
        "versions": integers(version_id for _, version_id in keys),
    }
    return [_Item(*row) for row in db.session.execute(ITEMS, asked)]


def _write(rated: Mapping[Invoice, Sequence[_Rated]], now: datetime) -> None:
    touched = {invoice: _touched(invoice, some, now) for invoice, some in rated.items()}
    revisions, totals, syncs = zip(*touched.values(), strict=True)
    every = [one for some in rated.values() for one in some]
    asked = {
        "items": integers(one.item.id for one in every),
        "quantities": decimals(one.quantity for one in every),
        "amounts": integers(one.amount_cents for one in every),
        "borne": integers(touched[invoice][0] for invoice, some in rated.items() for _ in some),
        "invoices": integers(invoice.id for invoice in touched),
        "revisions": integers(revisions),
        "totals": integers(totals),
        "syncs": instants(syncs),
        "now": now,
        "hour": beginning_of_hour(now),
    }
    db.session.execute(WRITE, asked)
    for invoice, values in touched.items():
        for name, value in zip(TOUCHED, values, strict=True):
            set_committed_value(invoice, name, value)
    _forget({one.item.id for one in every})


def _touched(invoice: Invoice, rated: Iterable[_Rated], now: datetime) -> tuple[int, int, datetime]:
    """Return what `touch` would make of it: its revision, total and next sync."""
    more = sum(one.amount_cents - one.item.amount_cents for one in rated)
    due = invoice.next_sync_at or sync_due(invoice, now)
    return next_revision(invoice), invoice.total_cents + more, due


def _forget(item_ids: set[int]) -> None:
    """Let the session read these items anew, as far as it holds them; a folder's holds none."""
    session = db.session()
    for held in session.identity_map.values():
        if isinstance(held, InvoiceItem) and item_ids.intersection(inspect(held).identity or ()):
            session.expire(held)
