"""Taking back a credit for more than was due on an invoice that is void since.

Stripe may finalize an invoice with more than the ledger owed at that instant; the next one credits
the difference. Once the first is void nobody was billed it, and the credit has no ground.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.lines import Line, add_line
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.void_models import VoidClaim
from dashboard.extensions import db


def take_back(
    item: InvoiceItem, cents: int, locked: Collection[Invoice], *, now: datetime
) -> set[Invoice]:
    """Undo `cents` of what a later invoice credited for `item`; return the invoices that changed.

    Where that invoice may still change the credit goes from it; where it is void as well there is
    less to decide on; else the current draft takes it back. `locked` are the open invoices.
    """
    credit = db.session.scalars(
        select(InvoiceItem).where(
            InvoiceItem.carried_from_id == item.id, InvoiceItem.kind == "carry_over"
        )
    ).one()
    if credit.invoice in locked:
        shrink(credit, cents, now=now)
        return {credit.invoice}
    claim = db.session.get(VoidClaim, credit.id)
    if claim is not None and claim.case.state == "undecided":
        claim.claimed_cents += cents
        claim.cents += cents
        claim.case.cents += cents
        return set()
    draft = next(one for one in locked if one.status == "draft")
    add_line(draft, taken_back_line(item, credit, cents), now=now)
    return {draft}


def shrink(credit: InvoiceItem, cents: int, *, now: datetime) -> None:
    """Take `cents` of a credit away again, or the whole line when nothing is left of it."""
    credit.amount_cents += cents
    if not credit.amount_cents:
        db.session.delete(credit)
        return
    credit.revision = credit.invoice.revision + 1
    credit.updated_at = now
    words = "The invoice that this was carried over from is void since, so a part was taken back."
    credit.trace = credit.trace | {"words": [*credit.trace["words"], words]}


def taken_back_line(item: InvoiceItem, credit: InvoiceItem, cents: int) -> Line:
    """Return the line that takes the credit back on the current draft."""
    words = (
        f"This was credited on {credit.invoice.called} because {item.invoice.called} had asked for "
        "more than was due. The latter is void since and billed nothing, so the credit is taken "
        "back."
    )
    return Line(
        kind="taken_back",
        key=f"taken_back:{item.id}",
        cycle_id=item.cycle_id,
        description=f"{item.description}, credit taken back",
        quantity=Decimal(1),
        amount_cents=cents,
        period=Period(item.period_start, item.period_end),
        trace={"model": "taken_back", "words": [words]},
        carried_from_id=item.id,
    )
