"""What happened to the lines of an organization's bills, newest first, as it is read.

How it is asked for is in `history_query`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dashboard.billing.models import InvoiceItem
from dashboard.extensions import db
from dashboard.pricing.models import PriceVersion
from dashboard.reading.history_query import HistoryFilter, Place, history_query, price_product, sold

SIZE = 50
EXPORT_BATCH = 500


class Told(NamedTuple):
    """One change of a line, with what it is about and what its invoice came to after it.

    `cause` is None for what is from before history was kept. `is_there`: the line was not removed.
    `about_sequence`: which invoice a correction, or an issue at Stripe, concerns. `is_reversal`: it
    took a charge or a credit back.
    """

    invoice_id: int
    changed_at: datetime
    item_id: int
    number: int
    ended_at: datetime
    cause: str | None
    cause_id: int | None
    actor_kind: str | None
    actor_label: str | None
    quantity_before: Decimal
    quantity: Decimal
    cents_before: int
    cents: int
    kind: str
    description: str
    is_there: bool
    sequence: int
    invoice_number: str | None
    currency: str
    invoice_cents: int
    product: str | None
    unit_label: str
    service_label: str | None
    about_sequence: int | None
    is_reversal: bool

    @property
    def place(self) -> Place:
        """Where older changes begin."""
        return Place(self.changed_at, self.item_id, self.number)

    @property
    def moved_cents(self) -> int:
        """By how much it changed the bill."""
        return self.cents - self.cents_before


@dataclass(frozen=True, slots=True)
class History:
    """Some changes, newest first; `before` is where older ones begin, None at the end."""

    rows: Sequence[Told]
    before: Place | None


def read_history(
    wanted: HistoryFilter, *, before: Place | None = None, size: int = SIZE
) -> History:
    """Return the newest changes below `before`; one statement, however many there are."""
    rows = [Told._make(row) for row in db.session.execute(history_query(wanted, before, size + 1))]
    kept = rows[:size]
    return History(kept, kept[-1].place if len(rows) > size else None)


def every_change(wanted: HistoryFilter) -> Iterator[Told]:
    """Return all matching changes, newest first, read in batches while they are asked for.

    A download goes on when the request's session is over, so they are read over sessions of their
    own, and between two batches it holds no connection. A change that comes meanwhile is newer.
    """
    return _read(db.engine, wanted)


def products_of(organization_id: int) -> list[str]:
    """Return the products that an organization was ever billed for, by name."""
    billed = select(InvoiceItem.price_version_id).where(
        InvoiceItem.organization_id == organization_id
    )
    query = select(price_product).join(PriceVersion, PriceVersion.price_id == sold.c.id)
    found = db.session.scalars(query.where(PriceVersion.id.in_(billed)).distinct())
    return sorted(found, key=str.casefold)


def _read(engine: Engine, wanted: HistoryFilter) -> Iterator[Told]:
    before: Place | None = None
    while True:
        with Session(engine) as session:
            found = session.execute(history_query(wanted, before, EXPORT_BATCH))
            rows = [Told._make(row) for row in found]
        if not rows:
            return
        yield from rows
        before = rows[-1].place
