"""The metered usage of one nominal cycle, price by price, over all the invoices that bill it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.pricing.exact import total
from dashboard.pricing.models import PriceVersion


@dataclass(frozen=True, slots=True)
class CycleUsage:
    """One price version in one cycle: an item for each invoice that bills a part, in order.

    There are several after an early roll or late usage; together they bill the whole cycle.
    """

    items: tuple[InvoiceItem, ...]

    @property
    def latest(self) -> InvoiceItem:
        """The item on the newest invoice."""
        return self.items[-1]

    @property
    def quantity(self) -> Decimal:
        """The units of the whole cycle."""
        return total(item.quantity for item in self.items)

    @property
    def amount_cents(self) -> int:
        """What the units of the whole cycle cost, in minor units."""
        return sum(item.amount_cents for item in self.items)


def usage_in_cycle(
    organization_id: int, cycle_id: int, version_id: int | None = None
) -> list[CycleUsage]:
    """Return what an organization used in a cycle by price, in order of name; one query."""
    query = (
        select(InvoiceItem)
        .join(InvoiceItem.invoice)
        .join(InvoiceItem.price_version)
        .join(PriceVersion.price)
        .options(
            contains_eager(InvoiceItem.invoice),
            contains_eager(InvoiceItem.price_version).contains_eager(PriceVersion.price),
        )
        .where(
            InvoiceItem.organization_id == organization_id,
            InvoiceItem.cycle_id == cycle_id,
            InvoiceItem.kind == "metered",
        )
        .order_by(InvoiceItem.price_version_id, Invoice.sequence)
    )
    if version_id is not None:
        query = query.where(InvoiceItem.price_version_id == version_id)
    items = db.session.scalars(query)
    found = [
        CycleUsage(tuple(chain)) for _, chain in groupby(items, lambda one: one.price_version_id)
    ]
    return sorted(found, key=lambda usage: usage.latest.description)
