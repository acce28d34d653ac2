"""The invoices that wait for a person: parked ones, foreign lines, payments that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db
from dashboard.paging import Page
from dashboard.sync.models import ForeignLine
from dashboard.sync.status import Waiting

MOST = 20


@dataclass(frozen=True, slots=True)
class WaitingInvoice:
    """An invoice with what is wanted of a person: `state` is a word, `reason` a sentence."""

    invoice: Invoice
    state: str
    since: datetime | None
    reason: str


def waiting_invoices() -> Page[WaitingInvoice]:
    """Return those that wait longest, with their organizations, and how many there are."""
    total = db.session.scalar(select(func.count()).select_from(Invoice).where(_WAITS)) or 0
    query = (
        select(Invoice, _UNDECIDED, _LEFT, _FOUND_AT)
        .options(joinedload(Invoice.organization))
        .where(_WAITS)
        .order_by(func.coalesce(Invoice.parked_at, _FOUND_AT, Invoice.finalized_at), Invoice.id)
        .limit(MOST)
    )
    rows = [_waiting(*row) for row in db.session.execute(query)]
    return Page(rows, 1, MOST, total)


def _waiting(
    invoice: Invoice, undecided: int, left: int, found_at: datetime | None
) -> WaitingInvoice:
    if invoice.parked_at is not None:
        reason = invoice.parked_reason or "Held back until somebody looks at it."
        return WaitingInvoice(invoice, "parked", invoice.parked_at, reason)
    if invoice.status in FINALIZED:
        return WaitingInvoice(
            invoice, "payment", invoice.finalized_at, invoice.payment_failure or ""
        )
    lines = Waiting(undecided, left)
    state = "differs" if undecided else "held"
    return WaitingInvoice(invoice, state, found_at, lines.sentence)


_LINES = select(func.count()).where(ForeignLine.invoice_id == Invoice.id).correlate(Invoice)
_UNDECIDED = _LINES.where(ForeignLine.decision.is_(None)).scalar_subquery()
_LEFT = _LINES.where(ForeignLine.decision == "leave").scalar_subquery()
_FOUND_AT = (
    select(func.min(ForeignLine.found_at))
    .where(ForeignLine.invoice_id == Invoice.id)
    .correlate(Invoice)
    .scalar_subquery()
)
_HOLDING = select(ForeignLine.invoice_id).where(
    or_(ForeignLine.decision.is_(None), ForeignLine.decision == "leave")
)
_WAITS = or_(
    Invoice.parked_at.is_not(None),
    and_(Invoice.id.in_(_HOLDING), Invoice.status.not_in(FINALIZED)),
    and_(Invoice.status == "open", Invoice.payment_failure.is_not(None)),
)
