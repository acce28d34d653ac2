"""How much more, or less, Stripe billed on an issued invoice than the ledger, and what came of it.

What Stripe billed otherwise of our own items is carried over at once (`carry`): this is the rest,
lines that are nobody's, or an edit of the issued bill. A person decides on it, and the invoice is
held until nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.notes import issued_notes
from dashboard.billing.outcome import hold_if_untaxed, put_on_hold, take_off_hold
from dashboard.extensions import db
from dashboard.pricing.exact import major_text

DIFFERENTLY, REVISED = CODES = ("billed_differently", "revised_differently")
# Issued and still asked for: of a void one nothing was billed.
BILLS = ("open", "paid", "uncollectible")


@dataclass(frozen=True, slots=True)
class Difference:
    """What Stripe billed, what the ledger says, and what of the rest was seen to; minor units.

    Before tax. `noted_cents` is what notes made at Stripe took off by now, `pending_cents` what a
    note of ours is to take off. `known_cents` is what was left as it is: too much, too little.
    `is_taxed`: notes at Stripe include tax, so that what they took off of this is not known.
    """

    stripe_cents: int
    ledger_cents: int
    decided_cents: int = 0
    pending_cents: int = 0
    noted_cents: int = 0
    known_cents: tuple[int, int] = (0, 0)
    is_taxed: bool = False

    @property
    def cents(self) -> int:
        """What is still to be decided on: too much at Stripe above zero, too little below."""
        more = self.stripe_cents - self.ledger_cents - self.decided_cents - self.pending_cents
        too_much, too_little = self.known_cents
        # Last, and as far as it goes: to leave it moved nothing that an edit could undo.
        if more > 0:
            return max(more - self.noted_cents - too_much, 0)
        return min(more - too_little, 0)


def difference_of(invoice: Invoice) -> Difference:
    """Return the difference of an invoice, as its row and its decisions are now."""
    ledger = invoice.total_cents
    stripe = invoice.stripe_total_cents
    if stripe is None or invoice.status not in BILLS:
        return Difference(ledger, ledger)
    rows = decisions_of(invoice)
    if stripe == ledger and not rows:
        return Difference(stripe, ledger)
    reversed_ids = _reversed(rows)
    moving = [row for row in rows if row.decision != "leave"]
    known = [row.cents for row in rows if row.decision == "leave"]
    counting = [row for row in moving if _counts(row, reversed_ids)]
    pending = [row for row in counting if row.note is not None and row.note.state == "planned"]
    awaited = sum(row.cents for row in pending)
    return Difference(
        stripe,
        ledger,
        decided_cents=sum(row.cents for row in counting) - awaited,
        pending_cents=awaited,
        noted_cents=0 if invoice.tax_cents else _noted_there(invoice),
        known_cents=(sum(one for one in known if one > 0), sum(one for one in known if one < 0)),
        is_taxed=bool(invoice.tax_cents),
    )


def decisions_of(invoice: Invoice) -> Sequence[DifferenceDecision]:
    """Return what was decided of an invoice, oldest first."""
    query = select(DifferenceDecision).where(DifferenceDecision.invoice_id == invoice.id)
    whole = query.options(
        joinedload(DifferenceDecision.note), joinedload(DifferenceDecision.adjustment)
    )
    return db.session.scalars(whole.order_by(DifferenceDecision.id)).all()


def corrected_by(adjustment: Adjustment) -> DifferenceDecision | None:
    """Return the decision that made a charge or credit, if one did."""
    query = select(DifferenceDecision).where(DifferenceDecision.adjustment_id == adjustment.id)
    return db.session.scalar(query)


def settle_difference(invoice: Invoice, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Hold an issued invoice while something of its difference is left, and let it go after.

    Its row must be locked. What it is held for besides is left as it is.
    """
    if invoice.status not in BILLS:
        return
    # Also where the totals are equal: after a decision an edit back to the ledger's is one more.
    found = difference_of(invoice)
    if invoice.parked_code in CODES:
        if not found.cents and not found.pending_cents:
            take_off_hold(invoice, now=now, actor=actor)
            hold_if_untaxed(invoice, now=now)
    elif invoice.parked_code is None and found.cents:
        put_on_hold(invoice, DIFFERENTLY, why_held(invoice, found), now=now)


def why_held(invoice: Invoice, found: Difference) -> str:
    """Return why such an invoice is held, with what is left to decide on."""
    stripe, ledger, left = (
        major_text(Decimal(cents), invoice.currency)
        for cents in (found.stripe_cents, found.ledger_cents, abs(found.cents))
    )
    what = "too much" if found.cents > 0 else "too little"
    why = f"Stripe billed {stripe}, and the ledger says {ledger}. {left} {what} needs a decision."
    if not found.is_taxed or found.cents < 0:
        return why
    return f"{why} Credit notes made at Stripe include tax and are not counted here."


def _counts(row: DifferenceDecision, reversed_ids: set[int]) -> bool:
    if row.note is not None:
        return row.note.state in ("planned", "issued")
    return row.adjustment_id not in reversed_ids


def _reversed(rows: Sequence[DifferenceDecision]) -> set[int]:
    ids = [row.adjustment_id for row in rows if row.adjustment_id is not None]
    if not ids:
        return set()
    query = select(Adjustment.reverses_id).where(Adjustment.reverses_id.in_(ids))
    return {one for one in db.session.scalars(query) if one is not None}


def _noted_there(invoice: Invoice) -> int:
    """Return what notes took off that were made at Stripe: nothing of our items."""
    own = set(
        db.session.scalars(
            select(CreditNote.stripe_id).where(CreditNote.invoice_id == invoice.id)
        )
    )  # fmt: skip
    return sum(one.amount_cents for one in issued_notes(invoice) if one.stripe_id not in own)
