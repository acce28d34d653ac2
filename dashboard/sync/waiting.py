"""The invoices that wait for a person: parked, void, foreign lines, payments that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.void_listing import WAITS as VOID_WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.paging import Counted
from dashboard.pricing.exact import major_text
from dashboard.sync.counts import Figures, Rows, count
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


@dataclass(frozen=True, slots=True)
class WaitingInvoices:
    """The first of those that wait, and how many there are of each state that has any."""

    rows: Sequence[WaitingInvoice]
    counts: dict[str, Counted]

    @property
    def total(self) -> Counted:
        """How many wait."""
        numbers = sum(one.number for one in self.counts.values())
        return Counted(numbers, any(one.is_more for one in self.counts.values()))


def waiting_invoices() -> WaitingInvoices:
    """Return what waits, with its organizations, in the states' order and the longest first.

    Each state has an index of the few that are in it, in that order, so no number of them makes
    this slower.
    """
    found = zip(_CANDIDATES, count(waiting_figures()).values(), strict=True)
    counts = {state: one for state, one in found if one.number}
    rows: list[WaitingInvoice] = []
    for state in counts:
        rows += _longest(_CANDIDATES[state], most=MOST - len(rows))
    return WaitingInvoices(rows, counts)


def waiting_figures() -> Figures:
    """Return what is counted."""
    return {f"waiting_{state}": rows for state, rows in _CANDIDATES.items()}


def _longest(candidates: Rows, *, most: int) -> list[WaitingInvoice]:
    if most == 0:
        return []
    first = candidates.limit(most).subquery("first")
    query = (
        select(Invoice, _UNDECIDED, _LEFT, _FOUND_AT, VoidCase)
        .join(first, first.c.id == Invoice.id)
        .outerjoin(VoidCase, VoidCase.invoice_id == Invoice.id)
        .options(joinedload(Invoice.organization))
        .order_by(first.c.since, first.c.id)
    )
    return [_waiting(*row) for row in db.session.execute(query)]


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
_HOLDS = or_(ForeignLine.decision.is_(None), ForeignLine.decision == "leave")
_IS_PARKED = Invoice.parked_at.is_not(None)


def _since(at: InstrumentedAttribute[Any]) -> Rows:
    """Return the query of invoices, those first that are so for longest."""
    found: Rows = select(Invoice.id, at.label("since"))
    return found.order_by(at, Invoice.id)


def _with_lines(*, is_decided: bool) -> Rows:
    """Return those that a line holds, by when the first was found; left ones only if all are."""
    undecided = func.bool_or(ForeignLine.decision.is_(None))
    found_at = func.min(ForeignLine.found_at)
    found: Rows = select(Invoice.id, found_at.label("since"))
    return (
        found.join(ForeignLine, ForeignLine.invoice_id == Invoice.id)
        .where(_HOLDS, Invoice.status.not_in(FINALIZED), ~_IS_PARKED)
        .group_by(Invoice.id)
        .having(~undecided if is_decided else undecided)
        .order_by(found_at, Invoice.id)
    )


# What only a person can end comes before what Stripe or its customer may still end. Each invoice is
# in one of them, as `_waiting` words it.
_CANDIDATES: dict[str, Rows] = {
    "parked": _since(Invoice.parked_at).where(_IS_PARKED),
    "void": _since(VoidCase.opened_at)
    .join(VoidCase, VoidCase.invoice_id == Invoice.id)
    .where(*VOID_WAITS, ~_IS_PARKED),
    "differs": _with_lines(is_decided=False),
    "held": _with_lines(is_decided=True),
    "payment": _since(Invoice.finalized_at).where(
        Invoice.status == "open", Invoice.payment_failure.is_not(None), ~_IS_PARKED
    ),
}
