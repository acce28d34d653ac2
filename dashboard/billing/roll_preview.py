"""What an early roll would do, worked out by the rules of the real one, with nothing locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.cause import Cause
from dashboard.billing.chain import Chains
from dashboard.billing.close import shorten
from dashboard.billing.draft import current_invoice, rerate_recurring
from dashboard.billing.fold import count_now
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.recurring import fee_chains
from dashboard.billing.successor import following_draft
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.rehearsal import rehearsal


@dataclass(frozen=True, slots=True)
class RollPreview:
    """What rolling now would do: the invoice it closes, with its lines, and the one it opens.

    A line is its description, and its cents before and after.
    """

    closing: Period
    total_cents: int
    lines: tuple[tuple[str, int, int], ...]
    opening: Period
    opening_total_cents: int
    currency: str


def preview_roll(organization: Organization, *, now: datetime) -> RollPreview:
    """Return what `roll_early` would do at `now`; raises `Conflict` where it would.

    Only fees move: usage, charges and credits are billed as they stand.
    """
    count_now(organization.id, now=now)
    with rehearsal():
        invoice = current_invoice(organization)
        before = {item.key: item.amount_cents for item in _items_of(invoice)}
        chains = fee_chains(organization.id, [invoice.cycle])
        cause = Cause.cycle(now)
        closing = closed_at(invoice, now, cause, chains)
        following = following_draft(invoice, now=now)
        rerate_recurring(following, cause, chains=chains)
        return RollPreview(
            closing=Period(invoice.period_start, invoice.period_end),
            total_cents=sum(item.billed_cents for item in closing),
            lines=tuple(
                (item.description, before.get(item.key, 0), item.amount_cents) for item in closing
            ),
            opening=Period(following.period_start, following.period_end),
            opening_total_cents=sum(item.billed_cents for item in chains.items_on(following)),
            currency=invoice.currency,
        )


def closed_at(
    invoice: Invoice, end: datetime, cause: Cause, chains: Chains
) -> Sequence[InvoiceItem]:
    """Return the items of a draft as they would be if its period ended at `end`; in a rehearsal.

    `chains` are the fees of its cycle.
    """
    items = _items_of(invoice)
    shorten(invoice, now=end)
    rerate_recurring(invoice, cause, chains=chains)
    fees = chains.items_on(invoice)
    kept = [item for item in items if item.kind != "recurring" or item in fees]
    return [*kept, *(item for item in fees if item not in items)]


def _items_of(invoice: Invoice) -> Sequence[InvoiceItem]:
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    fresh = query.order_by(InvoiceItem.id).execution_options(populate_existing=True)
    return db.session.scalars(fresh).all()
