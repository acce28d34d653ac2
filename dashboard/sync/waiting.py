"""The invoices that wait for a person: parked, void, foreign lines, payments that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.void_listing import WAITS as VOID_WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.pricing.exact import major_text
from dashboard.sync.models import ForeignLine
from dashboard.sync.status import Waiting

MOST = 20
# What only a person can end comes before what Stripe or its customer may still end.
ORDER = ("parked", "void", "differs", "held", "payment")


@dataclass(frozen=True, slots=True)
class WaitingInvoice:
    """An invoice with what is wanted of a person: `state` is a word, `reason` a sentence."""

    invoice: Invoice
    state: str
    since: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class WaitingInvoices:
    """The first of those that wait, and how many there are of each state that has any."""

    rows: Sequence[WaitingInvoice]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """How many wait."""
        return sum(self.counts.values())


def waiting_invoices() -> WaitingInvoices:
    """Return what waits, with its organizations, in the states' order and the longest first."""
    found = db.session.execute(
        select(_STATE, func.count()).where(_WAITS).group_by(_STATE).order_by(_STATE)
    )
    counts = {ORDER[place]: count for place, count in found}
    query = (
        select(Invoice, _UNDECIDED, _LEFT, _FOUND_AT, VoidCase)
        .outerjoin(VoidCase, VoidCase.invoice_id == Invoice.id)
        .options(joinedload(Invoice.organization))
        .where(_WAITS)
        .order_by(
            _STATE,
            func.coalesce(Invoice.parked_at, VoidCase.opened_at, _FOUND_AT, Invoice.finalized_at),
            Invoice.id,
        )
        .limit(MOST)
    )
    rows = [_waiting(*row) for row in db.session.execute(query)]
    return WaitingInvoices(rows, counts)


def _waiting(
    invoice: Invoice, undecided: int, left: int, found_at: datetime | None, void: VoidCase | None
) -> WaitingInvoice:
    if invoice.parked_at is not None:
        reason = invoice.parked_reason or "Held back until somebody looks at it."
        return WaitingInvoice(invoice, "parked", invoice.parked_at, reason)
    if void is not None and void.waits:
        held = major_text(Decimal(void.asked_cents), invoice.currency)
        reason = f"It is void and billed nothing. Bill its {held} again, or write it off."
        return WaitingInvoice(invoice, "void", void.opened_at, reason)
    if invoice.status in FINALIZED:
        at, follows = invoice.next_payment_attempt_at, "Stripe has told of no further attempt."
        if at is not None:
            follows = f"Stripe plans another for {at:%-d %b %Y, %H:%M} UTC."
        reason = f"{invoice.payment_failure} {follows}"
        return WaitingInvoice(invoice, "payment", invoice.finalized_at, reason)
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
_VOID = Invoice.id.in_(select(VoidCase.invoice_id).where(*VOID_WAITS))
# The place in ORDER; as `_waiting` words it.
_STATE = case(
    (Invoice.parked_at.is_not(None), 0),
    (_VOID, 1),
    (Invoice.status.in_(FINALIZED), 4),
    (_UNDECIDED > 0, 2),
    else_=3,
)
_WAITS = or_(
    Invoice.parked_at.is_not(None),
    _VOID,
    and_(Invoice.id.in_(_HOLDING), Invoice.status.not_in(FINALIZED)),
    and_(Invoice.status == "open", Invoice.payment_failure.is_not(None)),
)
