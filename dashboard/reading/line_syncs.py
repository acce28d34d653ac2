"""Item by item: does Stripe have it, and does it have it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from dashboard.billing.models import FINALIZED, Invoice, InvoiceItem
from dashboard.billing.subscription import WAITS
from dashboard.extensions import db
from dashboard.reading.rows import CurrentInvoice
from dashboard.sync.facts import ItemFacts, LineFacts
from dashboard.sync.models import SyncedLine
from dashboard.sync.snapshot import is_billed, known_of, line_of

LineState = Literal["in_sync", "pending", "waits", "with_subscription", "carried"]


@dataclass(frozen=True, slots=True)
class LineSync:
    """The state of one item at Stripe; the amount is what Stripe last confirmed, if anything.

    A credit of a taxed bill `waits` as far as no line has room for it: no sync sends the rest.
    `is_rolled_up`: Stripe has it as a part of a line that stands for several items.
    """

    state: LineState
    stripe_line_id: str | None
    synced_cents: int | None
    is_rolled_up: bool


def line_syncs(invoice: Invoice, items: Iterable[InvoiceItem]) -> dict[int, LineSync]:
    """Return the state per item id, in one query."""
    lines = db.session.scalars(select(SyncedLine).where(SyncedLine.invoice_id == invoice.id))
    return line_syncs_of(invoice, items, lines)


def line_syncs_of(
    invoice: Invoice | CurrentInvoice, items: Iterable[ItemFacts], lines: Iterable[LineFacts]
) -> dict[int, LineSync]:
    """Return the state per item id, given the lines that Stripe last confirmed of the invoice."""
    agreed: dict[str, tuple[LineFacts, int]] = {}
    for line in lines:
        for key, cents in (line.members or {line.key: line.amount_cents}).items():
            # A credit may lower several lines.
            first, before = agreed.get(key, (line, 0))
            agreed[key] = (first, before + cents)
    return {item.id: _line_sync(invoice, item, agreed.get(item.key)) for item in items}


def _line_sync(
    invoice: Invoice | CurrentInvoice, item: ItemFacts, agreed: tuple[LineFacts, int] | None
) -> LineSync:
    status, has_room = invoice.status, not invoice.automatic_tax or item.amount_cents >= 0
    # Of one that a sync has not seen yet it is not known what has room.
    rest: LineState = "pending" if has_room or invoice.is_dirty else "waits"
    if invoice.billed_with == WAITS:
        rest = "with_subscription"
    state: LineState = "in_sync" if _agrees(item, agreed) else rest
    cents = agreed[1] if agreed else None
    if status in FINALIZED:
        # Nothing is sent any more: what Stripe billed differently was carried forward.
        state = "carried" if item.carried_cents else "in_sync"
        cents = item.billed_cents if item.carried_cents else cents
    if agreed is None:
        return LineSync(state, None, cents, is_rolled_up=False)
    line = agreed[0]
    return LineSync(state, line.stripe_line_id, cents, is_rolled_up=line.key != item.key)


def _agrees(item: ItemFacts, agreed: tuple[LineFacts, int] | None) -> bool:
    """Whether a sync would leave the item's line alone: usage may move without moving its price."""
    if agreed is None:
        return not is_billed(item)
    line, cents = agreed
    if line.members:
        return cents == item.amount_cents
    return known_of(line).content == line_of(item)
