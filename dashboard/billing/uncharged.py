"""Automatic bills whose customer was deleted at Stripe: nobody charges them any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.locks import for_change
from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization


def note_uncharged(invoice: Invoice, *, now: datetime) -> None:
    """Say on a bill that Stripe was to charge that it no longer does; its row must be locked.

    What went wrong before is what stays said. A sent bill is late by its due date anyway.
    """
    is_automatic = invoice.status == "open" and invoice.due_at is None
    if is_automatic and invoice.payment_failure is None and invoice.is_off_portal:
        invoice.payment_failure, invoice.payment_failed_at = NOBODY_CHARGES, now


def note_all_uncharged(organization: Organization, *, now: datetime) -> None:
    """Say so on all open bills of an organization whose customer was just lost.

    The organization's row must be locked, and none of its invoices.
    """
    db.session.flush()
    unpaid = select(Invoice).where(
        Invoice.organization_id == organization.id, Invoice.status == "open"
    )
    for invoice in db.session.scalars(for_change(unpaid.order_by(Invoice.id), of=Invoice)):
        note_uncharged(invoice, now=now)
