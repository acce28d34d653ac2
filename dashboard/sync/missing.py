"""Something Stripe should have is not there: find out what, and forget exactly that."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import ALONE
from dashboard.extensions import db
from dashboard.gateway.errors import Missing, NotEditable
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import forget_customer, note_missing
from dashboard.sync.lease import extend
from dashboard.sync.models import AddedLine, SubscriptionLine, SyncedLine


def resolve_missing(work: DraftWork, error: Missing) -> None:
    """Forget the deleted draft or customer so that the next round makes it anew.

    A missing line is no cause to forget the draft: the lines are read and compared instead.
    """
    invoice = work.invoice
    if invoice.stripe_invoice_id is None:
        used = invoice.organization.stripe_customer_id
        if used is None:
            raise error
        forget_customer(work, used)
    else:
        try:
            found = work.gateway.invoice(invoice.stripe_invoice_id)
        except Missing:
            extend(work.lease, now=work.clock())
            note_missing(work, "invoice.deleted_at_stripe", invoice.stripe_invoice_id)
            forget_draft(invoice)
        else:
            if found.status != "draft":
                raise NotEditable("Stripe's invoice is no longer a draft.") from error
    work.checkpoint()


def forget_draft(invoice: Invoice) -> None:
    """Forget a draft that no longer exists at Stripe; the next sync makes a new one.

    The invoice must be locked: whoever decides on one of its lines holds it too.
    """
    for table in (SyncedLine, AddedLine, SubscriptionLine):
        for line in db.session.scalars(select(table).where(table.invoice_id == invoice.id)):
            db.session.delete(line)
    db.session.flush()
    invoice.stripe_invoice_id = None
    # What a subscription made is not made anew by us.
    invoice.billed_with, invoice.theirs_cents = ALONE, 0
    invoice.stripe_attempt += 1
    invoice.stripe_status = None
    invoice.stripe_total_cents = None
    invoice.stripe_automatic_tax = invoice.stripe_tax_status = None
    invoice.agreed_tax = invoice.agreed_tax_product = None
    invoice.agreed_terms = None
    invoice.automatically_finalizes_at = None
    invoice.synced_revision = 0
    invoice.synced_total_cents = 0
