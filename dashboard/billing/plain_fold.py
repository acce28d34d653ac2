"""Nearly all usage: more of what the current invoice bills already, of a price with one version.

Its item is then the only one of its count, so it is rated by itself, and nothing of it was billed
before: a statement reads the items of any number of organizations, and one writes them and their
invoices. Through the session each took a quarter of a millisecond. All else is left to `metered`,
which would write the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.revision import next_revision, sync_due
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import Rated, rate_metered
from dashboard.pricing.versions import VersionWindow, load_windows_of

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

# As one document: for an array of traces the driver looks at each for what has to be escaped.
WRITE = text("""
    with items as (
        update invoice_items as item
        set quantity = rated.quantity, amount_cents = rated.amount_cents, trace = rated.trace,
            revision = rated.revision, updated_at = :now
        from jsonb_to_recordset(cast(:rated as jsonb))
            as rated (id bigint, quantity numeric, amount_cents bigint, trace jsonb,
                      revision bigint)
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
    rated: Rated

    def written(self, revision: int) -> dict[str, object]:
        """Return the item as `WRITE` reads it; decimals as text, which JSON keeps exact."""
        return {
            "id": self.item.id,
            "quantity": str(self.quantity),
            "amount_cents": self.rated.amount_cents,
            "trace": self.rated.trace,
            "revision": revision,
        }


def add_plain(units: Units, locked: Collection[Invoice], *, now: datetime) -> Units:
    """Add the plain ones of `units` to their items and touch the invoices; return the others.

    `locked` are the open invoices of all organizations that the cycles belong to. Raises
    AmountTooLarge.
    """
    drafts = {one.cycle_id: one for one in locked if one.status == "draft"}
    windows = load_windows_of(version_id for _, version_id in units)
    rated: dict[Invoice, list[_Rated]] = defaultdict(list)
    rest = dict(units)
    # Nothing more may leave the bill as it is.
    for item in _items([key for key in units if key[0] in drafts and units[key]], drafts):
        key = (item.cycle_id, item.version_id)
        draft, window = drafts[item.cycle_id], windows[item.version_id]
        if draft.id == item.invoice_id and _is_plain(item, window):
            quantity = EXACT.add(item.quantity, rest.pop(key))
            rated[draft].append(_Rated(item, quantity, rate_metered(window.terms, quantity)))
    if rated:
        _write(rated, now)
    return rest


def _is_plain(item: _Item, window: VersionWindow) -> bool:
    return len(window.versions) == 1 and item.description == window.price.name


def _items(keys: Collection[tuple[int, int]], drafts: dict[int, Invoice]) -> list[_Item]:
    if not keys:
        return []
    # What the session holds and has not written yet comes first, as before every query of its own.
    db.session.flush()
    asked = {
        "organizations": [drafts[cycle_id].organization_id for cycle_id, _ in keys],
        "cycles": [cycle_id for cycle_id, _ in keys],
        "versions": [version_id for _, version_id in keys],
    }
    return [_Item(*row) for row in db.session.execute(ITEMS, asked)]


def _write(rated: dict[Invoice, list[_Rated]], now: datetime) -> None:
    touched = {invoice: _touched(invoice, some, now) for invoice, some in rated.items()}
    revisions, totals, syncs = zip(*touched.values(), strict=True)
    asked = {
        "rated": json.dumps(
            [one.written(next_revision(invoice)) for invoice, some in rated.items() for one in some]
        ),
        "invoices": [invoice.id for invoice in touched],
        "revisions": list(revisions),
        "totals": list(totals),
        "syncs": list(syncs),
        "now": now,
    }
    db.session.execute(WRITE, asked)
    for invoice, values in touched.items():
        for name, value in zip(TOUCHED, values, strict=True):
            set_committed_value(invoice, name, value)
    _forget({one.item.id for some in rated.values() for one in some})


def _touched(invoice: Invoice, rated: Iterable[_Rated], now: datetime) -> tuple[int, int, datetime]:
    """Return what `touch` would make of it: its revision, total and next sync."""
    more = sum(one.rated.amount_cents - one.item.amount_cents for one in rated)
    due = invoice.next_sync_at or sync_due(invoice, now)
    return next_revision(invoice), invoice.total_cents + more, due


def _forget(item_ids: set[int]) -> None:
    """Let the session read these items anew, if it holds them."""
    session = db.session()
    for item_id in item_ids:
        held = session.identity_map.get(session.identity_key(InvoiceItem, item_id))
        if held is not None:
            session.expire(held)
