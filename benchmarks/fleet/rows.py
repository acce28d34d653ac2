"""A fleet's rows, written in bulk: what is measured is syncing them, not how they came about."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import bindparam, insert, select, text, update

from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction

TOTALS = text("""
    update invoices set revision = revision + 1, next_sync_at = :due, total_cents = (
        select sum(amount_cents) from invoice_items where invoice_id = invoices.id
    ) where id = any(:ids)
""")
_numbers = count(1)


@dataclass(frozen=True)
class Fleet:
    """The current invoices of as many organizations, with the ids of each one's items.

    The first `metered` items of an invoice are metered, as they come first at Stripe.
    """

    items: dict[int, list[int]]
    metered: int

    @property
    def invoices(self) -> list[int]:
        """The ids of the invoices."""
        return list(self.items)

    def move_metered(self, rng: random.Random, *, due: datetime | None = None) -> None:
        """Let every organization's metered items grow, as usage does; due at once unless told."""
        self._move(rng, lambda items: items[: self.metered], due or utc_now())

    def move_any(self, rng: random.Random, lines: int) -> None:
        """Let so many items of every organization change, whichever."""
        self._move(rng, lambda items: rng.sample(items, lines), utc_now())

    def _move(
        self, rng: random.Random, pick: Callable[[list[int]], Sequence[int]], due: datetime
    ) -> None:
        changes = [
            {"item": item, "more": rng.randint(1, 900)}
            for items in self.items.values()
            for item in pick(items)
        ]
        grow = update(InvoiceItem).where(InvoiceItem.id == bindparam("item"))
        statement = grow.values(amount_cents=InvoiceItem.amount_cents + bindparam("more"))
        with transaction():
            db.session.connection().execute(statement, changes)
            db.session.execute(TOTALS, {"ids": self.invoices, "due": due})


def make_fleet(organizations: int, *, lines: int, metered: int, days_left: int = 10) -> Fleet:
    """Return so many new organizations, each with a draft of so many lines that is due now."""
    end = (utc_now() + timedelta(days=days_left)).replace(microsecond=0)
    start = end - timedelta(days=30)
    with transaction():
        ids = _insert(Organization, [_organization(start) for _ in range(organizations)])
        cycles = _insert(
            BillingCycle,
            [
                {"organization_id": one, "sequence": 1, "starts_at": start, "ends_at": end}
                for one in ids
            ],
        )
        pairs = list(zip(ids, cycles, strict=True))
        invoices = _insert(Invoice, [_invoice(*pair, start, end) for pair in pairs])
        rows = [
            _item(invoice, cycle, organization, number, metered)
            for invoice, (organization, cycle) in zip(invoices, pairs, strict=True)
            for number in range(lines)
        ]
        _insert(InvoiceItem, rows)
        db.session.execute(TOTALS, {"ids": invoices, "due": utc_now()})
    return Fleet(_items_of(invoices), metered)


def dirty_invoices() -> int:
    """Return how many invoices hold something that Stripe was not told."""
    query = select(Invoice.id).where(Invoice.revision > Invoice.synced_revision)
    with transaction():
        return len(db.session.scalars(query).all())


def _items_of(invoices: Sequence[int]) -> dict[int, list[int]]:
    items: dict[int, list[int]] = {invoice: [] for invoice in invoices}
    query = select(InvoiceItem.invoice_id, InvoiceItem.id).order_by(InvoiceItem.id)
    with transaction():
        for invoice, item in db.session.execute(query):
            if invoice in items:
                items[invoice].append(item)
    return items


def _insert(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    statement = insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(db.session.scalars(statement, rows))


def _organization(start: datetime) -> dict[str, Any]:
    slug = f"org-{next(_numbers)}"
    return {
        "slug": slug,
        "name": slug.title(),
        "email": f"{slug}@example.com",
        "currency": "usd",
        "cycle_anchor_at": start,
        "created_at": start,
    }


def _invoice(organization: int, cycle: int, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "organization_id": organization,
        "cycle_id": cycle,
        "sequence": 1,
        "period_start": start,
        "period_end": end,
        "currency": "usd",
        "created_at": start,
    }


def _item(invoice: int, cycle: int, organization: int, number: int, metered: int) -> dict[str, Any]:
    now = utc_now()
    kind = "metered" if number < metered else "recurring"
    return {
        "organization_id": organization,
        "invoice_id": invoice,
        "cycle_id": cycle,
        "kind": kind,
        "key": f"{kind}:{invoice}:{number}",
        "description": f"{kind.title()} item {number} of a bill like any other",
        "quantity": Decimal(1),
        "amount_cents": 1000 + number,
        "period_start": now - timedelta(days=10),
        "period_end": now + timedelta(days=10),
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }
