"""Which note of ours a credit note at Stripe is."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection
from dashboard.ids import read_id
from dashboard.installation import this_installation


def claimed_note(invoice: Invoice, remote: RemoteCorrection) -> CreditNote | None:
    """Return our note: by Stripe's id, or by what its metadata claims, as anybody may write."""
    mine = select(CreditNote).where(CreditNote.invoice_id == invoice.id)
    known = db.session.scalar(mine.where(CreditNote.stripe_id == remote.id))
    number = None if remote.note is None else read_id(remote.note)
    if known is not None or number is None:
        return known
    if remote.installation != this_installation().identity:
        return None
    claimed = mine.where(
        CreditNote.id == number,
        CreditNote.stripe_id.is_(None),
        CreditNote.amount_cents == remote.amount_cents,
    )
    return db.session.scalar(claimed.execution_options(populate_existing=True))
