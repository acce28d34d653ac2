"""Whom a bill and what becomes of it is mailed to is decided where it happens, in its transaction.

Whether it still holds, a bill paid meanwhile or a note voided, is looked at when it is sent.
"""

from __future__ import annotations

from datetime import datetime

from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.mail.bills import Occasion, put_in_outbox


def mail_issued(invoice: Invoice, *, now: datetime) -> None:
    """Mail that an invoice was issued."""
    _mail("invoice_ready", invoice, str(invoice.id), invoice.finalized_at or now, now)


def mail_paid(invoice: Invoice, *, now: datetime) -> None:
    """Mail a receipt; what no money paid, as credit or a note, has none."""
    if (invoice.amount_paid_cents or 0) > 0:
        _mail("receipt", invoice, str(invoice.id), invoice.paid_at or now, now)


def mail_failed(invoice: Invoice, attempts: int, *, at: datetime, now: datetime) -> None:
    """Mail that an attempt to charge for an open invoice failed."""
    _mail("payment_failed", invoice, f"{invoice.id}:{attempts}", at, now)


def mail_to_confirm(invoice: Invoice, attempts: int, *, at: datetime, now: datetime) -> None:
    """Mail that the bank wants the payment of an open invoice confirmed."""
    _mail("action_required", invoice, f"{invoice.id}:{attempts}", at, now)


def mail_note(invoice: Invoice, note: Correction, *, now: datetime) -> None:
    """Mail a credit note that was issued, here or at Stripe."""
    if note.status == "issued":
        _mail("credit_note", invoice, str(note.id), note.made_at, now, note.id)


def _mail(
    kind: str,
    invoice: Invoice,
    subject: str,
    at: datetime,
    now: datetime,
    correction_id: int | None = None,
) -> None:
    if not current_policy().mails_bills:
        return
    occasion = Occasion(kind, subject, invoice.organization_id, at, invoice.id, correction_id)
    put_in_outbox(occasion, now=now)
