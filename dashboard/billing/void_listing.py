"""Void invoices as pages and the API read them."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from dashboard.billing.models import Invoice
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db


def void_case_of(invoice: Invoice) -> VoidCase | None:
    """Return what became of a void invoice's money; None for any other and for one of nothing."""
    if invoice.status != "void":
        return None
    return db.session.scalar(
        select(VoidCase)
        .options(joinedload(VoidCase.billed_on))
        .where(VoidCase.invoice_id == invoice.id)
    )


def waiting_case_ids() -> Select[int]:
    """Return the query of the void invoices that wait for a decision."""
    return select(VoidCase.invoice_id).where(*WAITS)


# As VoidCase.asked_cents.
ASKED_CENTS = VoidCase.cents - func.least(VoidCase.waived_cents, func.greatest(VoidCase.cents, 0))
# As VoidCase.waits; the first two as its partial index has them.
WAITS = (
    VoidCase.state == "undecided",
    VoidCase.cents != 0,
    or_(VoidCase.cents < 0, VoidCase.cents > VoidCase.waived_cents),
)
