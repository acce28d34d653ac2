"""What is being done to an issued invoice at Stripe: one act at a time, as each changes the next.

How much is left to credit, to refund or to take back depends on the one that is under way.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.billing.refund_sums import planned_refund_of
from dashboard.billing.reissue_end import planned_of
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.restores.held import check_not_held


def under_way(invoice: Invoice) -> CreditNote | None:
    """Return the note of an invoice that is to be issued or voided, and is not yet."""
    query = select(CreditNote).where(
        CreditNote.invoice_id == invoice.id,
        or_(CreditNote.state == "planned", CreditNote.void_asked_at.is_not(None)),
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def is_changing(invoice: Invoice) -> bool:
    """Whether a credit note, a reissue or a refund of the invoice is under way."""
    return (
        under_way(invoice) is not None
        or planned_of(invoice) is not None
        or planned_refund_of(invoice) is not None
    )


def check_still(invoice: Invoice) -> None:
    """Raise `Busy` while something of the invoice is under way; lock it first.

    And `Conflict` while the ledger is held: what was done already may be forgotten, and the same
    money would move twice.
    """
    check_not_held()
    if under_way(invoice) is not None:
        what = "Another credit note of this invoice is being issued or voided"
    elif planned_of(invoice) is not None:
        what = "This invoice is being reissued"
    elif planned_refund_of(invoice) is not None:
        what = "A refund of this invoice is being made"
    else:
        return
    raise Busy(f"{what}. Nothing was changed. Wait until that is done, and look at what is left.")
