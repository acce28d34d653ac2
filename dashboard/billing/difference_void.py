"""What was credited for a bill that asked for too much, once that bill is void."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import STRIPE
from dashboard.billing.adjust import REVERSED, add_adjustment
from dashboard.billing.current import current_draft
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.models import Adjustment, Invoice
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.rehearsal import rehearses


def lose_ground(invoice: Invoice, *, now: datetime) -> None:
    """Take back what was credited because a now void invoice billed too much: it billed nothing.

    What was charged because it billed too little stays: its case asks for as much less. The rows of
    the invoice and of the open ones after it must be locked. Safe to repeat.
    """
    if rehearses():
        # A row that would be new has no number yet.
        return
    of_it = select(Adjustment).join(
        DifferenceDecision, DifferenceDecision.adjustment_id == Adjustment.id
    )
    mine = of_it.where(DifferenceDecision.invoice_id == invoice.id, Adjustment.amount_cents < 0)
    for credit in db.session.scalars(mine.order_by(Adjustment.id)).all():
        if _is_reversed(credit):
            continue
        add_adjustment(
            current_draft(invoice.organization_id),
            -Money(credit.amount_cents, invoice.currency),
            reason=f"Credited for {invoice.called}, which is now void and billed nothing.",
            description=f"{credit.description}, taken back",
            actor=STRIPE,
            now=now,
            key=f"{REVERSED}{credit.id}",
            reverses_id=credit.id,
        )


def _is_reversed(credit: Adjustment) -> bool:
    query = select(Adjustment.id).where(Adjustment.reverses_id == credit.id)
    return db.session.scalar(query) is not None
