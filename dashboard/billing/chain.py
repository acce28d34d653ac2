"""What was billed, invoice by invoice, for the same thing: one cycle, price version and service.

A cycle may be billed by several invoices (an early roll, late usage). Each bills what everything up
to it costs together, less what the earlier ones billed; so the sum depends on the facts alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.pricing.exact import major_text
from dashboard.pricing.rating import Rated


class ChainKey(NamedTuple):
    """What a chain of items is for; usage of all services together has no service."""

    cycle_id: int
    price_version_id: int | None
    service_id: int | None


class Link(NamedTuple):
    """An item and its invoice."""

    invoice: Invoice
    item: InvoiceItem


class Chains:
    """The items of one kind for some cycles of some organizations, in their invoices' order."""

    def __init__(self, links: Collection[Link]) -> None:
        self._links: dict[ChainKey, list[Link]] = defaultdict(list)
        for link in links:
            self.put(link.invoice, link.item)

    @classmethod
    def load(
        cls, kind: str, organization_ids: Collection[int], cycle_ids: Collection[int]
    ) -> Chains:
        """Read the chains with one query; take the invoices' locks first."""
        query = (
            select(Invoice, InvoiceItem)
            .join(Invoice, Invoice.id == InvoiceItem.invoice_id)
            .where(
                InvoiceItem.organization_id.in_(organization_ids),
                InvoiceItem.cycle_id.in_(cycle_ids),
                InvoiceItem.kind == kind,
            )
        )
        rows = db.session.execute(query.execution_options(populate_existing=True))
        return cls([Link(invoice, item) for invoice, item in rows])

    def items(self) -> list[InvoiceItem]:
        """Return all the items."""
        return [link.item for links in self._links.values() for link in links]

    def of(self, key: ChainKey) -> list[Link]:
        """Return the items for `key` in the order of their invoices."""
        return list(self._links[key])

    def on(self, key: ChainKey, invoice: Invoice) -> InvoiceItem | None:
        """Return the item for `key` on `invoice`; None if it has none yet."""
        return next((link.item for link in self._links[key] if link.invoice is invoice), None)

    def billed_before(self, key: ChainKey, invoice: Invoice) -> int:
        """Return the cents billed for `key` on invoices before this one."""
        earlier = (link for link in self._links[key] if link.invoice.sequence < invoice.sequence)
        return sum(link.item.amount_cents for link in earlier)

    def put(self, invoice: Invoice, item: InvoiceItem) -> None:
        """Add an item that is new."""
        chain = self._links[_key(item)]
        chain.append(Link(invoice, item))
        chain.sort(key=lambda link: link.invoice.sequence)

    def drop(self, item: InvoiceItem) -> None:
        """Forget an item that is removed."""
        key = _key(item)
        self._links[key] = [link for link in self._links[key] if link.item is not item]


def _key(item: InvoiceItem) -> ChainKey:
    return ChainKey(item.cycle_id, item.price_version_id, item.service_id)


def takes_changes(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Return which of one cycle's invoices take a change of it: those after the last frozen one.

    A change put before an invoice that is already cut would alter what that one should have billed.
    """
    ordered = sorted(invoices, key=lambda invoice: invoice.sequence)
    frozen = [index for index, invoice in enumerate(ordered) if not invoice.is_changeable]
    return ordered[frozen[-1] + 1 :] if frozen else ordered


def remainder(rated: Rated, billed_before: int) -> Rated:
    """Return what is left of `rated` (everything so far) after what earlier invoices billed."""
    if not billed_before:
        return rated
    amount = rated.amount_cents - billed_before
    shown = [
        major_text(Decimal(cents), rated.trace["currency"]) for cents in (billed_before, amount)
    ]
    words = f"{shown[0]} of it was billed on earlier invoices; {shown[1]} is left for this one."
    trace = rated.trace | {
        "billed_before_cents": billed_before,
        "amount_cents": amount,
        "words": [*rated.trace["words"], words],
    }
    return Rated(amount, trace)
