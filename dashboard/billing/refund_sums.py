"""What went back of an invoice's payments so far: one sum for refunds, credit notes and disputes.

A refund made by a credit note is told as a refund of its own, perhaps later than the note; one that
is made here is known by its row. So what nobody told yet is counted as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from dashboard.billing.correction_models import FAILED, Correction
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.billing.notes import UNDONE
from dashboard.billing.refund_models import Refund
from dashboard.extensions import db

# A bank has decided for us, or only inquires and took nothing: the payment is ours as before.
HARMLESS = ("won", "warning_closed", "warning_needs_response", "warning_under_review")


class GivenBack(NamedTuple):
    """What went back of an invoice, in minor units.

    `refunded` is all that went to payments, `untold` the part of it that no refund's event told
    yet, `by_notes` what credit notes of ours refunded, or a person for them. `otherwise` is what
    notes put on the balance or had returned by other means, and with it `returned`, what a person
    returned where a refund failed. `disputed` is what banks hold or took. `elsewhere` is what the
    notes and refunds come to that were made at Stripe, by none of ours.
    """

    refunded: int
    untold: int
    by_notes: int
    otherwise: int
    returned: int
    disputed: int
    elsewhere: int


def given_back(invoice: Invoice, corrections: Sequence[Correction]) -> GivenBack:
    """Return what went back of an invoice, whose corrections these are."""
    standing = [row for row in corrections if row.status not in UNDONE]
    refunds = [row for row in standing if row.kind == "refund"]
    told = sum(row.amount_cents for row in refunds)
    made_here = _made_here(invoice)
    ours = sum(row.amount_cents for row in refunds if row.stripe_id in made_here)
    notes = _notes_of(invoice)
    by_notes = sum(note.refund_cents for note in notes.values())
    failed = sum(
        row.amount_cents
        for row in corrections
        if row.kind == "refund" and row.status in FAILED and row.stripe_id not in made_here
    )
    by_hand = [row for row in corrections if row.is_returned]
    by_hand_theirs = sum(row.amount_cents for row in by_hand if row.stripe_id not in made_here)
    by_hand_cents = sum(row.amount_cents for row in by_hand)
    # Of a note made at Stripe only what it put on the balance is known by itself.
    theirs = [row for row in standing if row.kind == "credit_note" and row.stripe_id not in notes]
    returned = sum(row.post_payment_cents - row.balance_cents for row in theirs)
    # What a note refunded and the bank sent back did not go back.
    untold = max(by_notes - (told - ours) - failed, 0)
    refunded_there = max(told - ours - by_notes, 0)
    return GivenBack(
        refunded=told + untold,
        untold=untold,
        by_notes=min(by_notes, told - ours + untold + by_hand_theirs),
        otherwise=sum(note.balance_cents + note.outside_cents for note in notes.values())
        + sum(row.balance_cents for row in theirs)
        + max(returned - refunded_there, 0)
        + by_hand_cents,
        returned=by_hand_cents,
        disputed=sum(row.amount_cents for row in standing if is_asked_back(row)),
        elsewhere=sum(row.amount_cents for row in theirs) + refunded_there,
    )


def is_asked_back(row: Correction) -> bool:
    """Whether it is a dispute whose money a bank holds, or took."""
    return row.kind == "dispute" and row.status not in HARMLESS


def refunds_of(invoice: Invoice) -> Sequence[Refund]:
    """Return the refunds that were made here of an invoice, oldest first."""
    query = select(Refund).where(Refund.invoice_id == invoice.id).order_by(Refund.id)
    return db.session.scalars(query).all()


def planned_refund_of(invoice: Invoice) -> Refund | None:
    """Return the refund of an invoice that is to be made, and is not yet."""
    query = select(Refund).where(Refund.invoice_id == invoice.id, Refund.state == "planned")
    return db.session.scalar(query.execution_options(populate_existing=True))


def _made_here(invoice: Invoice) -> set[str | None]:
    query = select(Refund.stripe_id).where(Refund.invoice_id == invoice.id, Refund.state == "made")
    return set(db.session.scalars(query))


def _notes_of(invoice: Invoice) -> dict[str | None, CreditNote]:
    query = select(CreditNote).where(
        CreditNote.invoice_id == invoice.id, CreditNote.state == "issued"
    )
    return {note.stripe_id: note for note in db.session.scalars(query)}
