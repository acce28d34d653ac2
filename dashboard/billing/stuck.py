"""An invoice that the clock cannot roll or seal: held for a person, and tried again more rarely.

Otherwise it would be tried every few seconds for ever, and only the log would know.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold, take_off_hold
from dashboard.errors import BillingError

STUCK = "stuck"
TRIED_AGAIN_AFTER = timedelta(minutes=15)


def hold_stuck(invoice_id: int, error: Exception, *, now: datetime) -> None:
    """Say on the invoice that the clock failed at it, unless it is held for something else."""
    invoice = lock_invoice(invoice_id)
    if invoice.parked_code not in (None, STUCK):
        return
    why = (
        error.message
        if isinstance(error, BillingError)
        else f"The error was {type(error).__name__}."
    )
    if invoice.parked_code is None:
        facts = {"status": invoice.status, "error": why}
        write_entry("invoice.stuck", invoice, SYSTEM, facts, now=now)
    put_on_hold(
        invoice,
        STUCK,
        f"This invoice could not be closed on schedule. {why} Nothing was changed, reported usage "
        "still counts, and we try again every 15 minutes. Fix the cause; the log has details.",
        now=now,
    )
    # The time until the next try counts from the last one.
    invoice.parked_at = now


def let_go(invoice: Invoice, *, now: datetime) -> None:
    """Let an invoice go on that is stuck no longer."""
    if invoice.parked_code == STUCK:
        take_off_hold(invoice, now=now)


def is_to_be_tried(now: datetime) -> ColumnElement[bool]:
    """Return the condition that leaves out what was found stuck a moment ago."""
    return or_(
        Invoice.parked_code.is_distinct_from(STUCK), Invoice.parked_at <= now - TRIED_AGAIN_AFTER
    )
