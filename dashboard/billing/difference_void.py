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
    for credit in without_ground(invoice):
        add_adjustment(
            current_draft(invoice.organization_id),
            -Money(credit.amount_cents, invoice.currency),
            reason=f"Credited for {invoice.called}, which is now void and billed nothing.",
            description=taken_back(credit),
            actor=STRIPE,
            now=now,
            key=f"{REVERSED}{credit.id}",
            reverses_id=credit.id,
        )


def without_ground(invoice: Invoice) -> list[Adjustment]:
    """Return the credits that stand because the invoice billed too much, oldest first."""
    of_it = select(Adjustment).join(
        DifferenceDecision, DifferenceDecision.adjustment_id == Adjustment.id
    )
    mine = of_it.where(DifferenceDecision.invoice_id == invoice.id, Adjustment.amount_cents < 0)
    credits = db.session.scalars(mine.order_by(Adjustment.id)).all()
    return [credit for credit in credits if not _is_reversed(credit)]


def taken_back(credit: Adjustment) -> str:
    """Return the line that takes such a credit back."""
    return f"{credit.description}, taken back"


def _is_reversed(credit: Adjustment) -> bool:
    query = select(Adjustment.id).where(Adjustment.reverses_id == credit.id)
    return db.session.scalar(query) is not None
