"""Carry forward what a finalized invoice did not contain: each remainder once, with its period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import STRIPE
from dashboard.billing.cause import Cause
from dashboard.billing.current import current_draft
from dashboard.billing.lines import Line, add_line, note_change
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.revision import touch
from dashboard.extensions import db
from dashboard.money import round_charge
from dashboard.pricing.exact import major_text

CARRIED = ", carried over"


def carry_over(invoice: Invoice, billed: Mapping[str, int], *, now: datetime) -> int:
    """Move what Stripe did not bill of a sealed `invoice` to the current draft; return its cents.

    `billed` is what Stripe billed by item key, in minor units; an absent key was not billed at
    all. More than was owed carries over as a credit. Safe to repeat: an item is carried once.
    """
    items = db.session.scalars(
        select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id).order_by(InvoiceItem.id)
    ).all()
    short = {
        item: item.amount_cents - billed.get(item.key, 0)
        for item in items
        if item.amount_cents != billed.get(item.key, 0)
    }
    if not short:
        return 0
    draft = current_draft(invoice.organization_id)
    already = carried_already([item.id for item in short])
    cause = Cause("sync", now, STRIPE, invoice.id)
    for item, cents in short.items():
        if item.id not in already:
            item.carried_cents = cents
            note_change(item, cause)
            add_line(draft, carried_line(item, cents, invoice.currency), cause)
    db.session.flush()
    invoice.total_cents = sum(item.billed_cents for item in items)
    touch(draft, now=now)
    return sum(item.carried_cents for item in items)


def carried_already(item_ids: list[int]) -> set[int]:
    """Return which of these items were carried over before."""
    query = select(InvoiceItem.carried_from_id).where(
        InvoiceItem.carried_from_id.in_(item_ids), InvoiceItem.kind == "carry_over"
    )
    return {item_id for item_id in db.session.scalars(query) if item_id is not None}


def carried_line(item: InvoiceItem, cents: int, currency: str) -> Line:
    """Return the line that bills the remainder of `item` on a later invoice."""
    asked = round_charge(cents, currency)
    due, billed, rest, rounded = (
        major_text(Decimal(part), currency)
        for part in (item.amount_cents, item.amount_cents - cents, abs(cents), abs(asked))
    )
    words = (
        f"{due} is owed for this, but the invoice of that period was issued with {billed} for it. "
        f"The difference of {rest} is {'billed' if cents > 0 else 'credited'} "
        f"here{'.' if asked == cents else f', rounded to what can be charged: {rounded}.'}"
    )
    return Line(
        kind="carry_over",
        key=f"carry:{item.id}",
        cycle_id=item.cycle_id,
        description=_carried(item.description),
        quantity=Decimal(1),
        amount_cents=asked,
        period=Period(item.period_start, item.period_end),
        trace={"model": "carry_over", "words": [words]},
        carried_from_id=item.id,
    )


def _carried(description: str) -> str:
    """Say it once, however often it is carried over again."""
    return description if description.endswith(CARRIED) else f"{description}{CARRIED}"
