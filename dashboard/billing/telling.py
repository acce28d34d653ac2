"""What happens to an invoice is told to other systems where it happens, in its transaction.

The invoice is locked there, so what is told of one is told in the order in which it happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.billing.correction_models import Correction
from dashboard.billing.corrections import Kept
from dashboard.billing.models import Invoice
from dashboard.outgoing.signing import told_at
from dashboard.outgoing.tell import Fact, tell

PAST_DUE = "invoice.past_due"


def tell_opened(invoice: Invoice, *, now: datetime) -> None:
    """Tell that an invoice began."""
    _tell("invoice.opened", invoice, invoice.period_start, now)


def tell_closing(invoice: Invoice, *, now: datetime) -> None:
    """Tell that the period of an invoice is over, or was ended."""
    _tell("invoice.closing", invoice, invoice.closing_at or now, now)


def tell_finalized(invoice: Invoice, *, now: datetime) -> None:
    """Tell that an invoice is final; one that billed nothing is so without having been issued."""
    _tell("invoice.finalized", invoice, invoice.finalized_at or now, now)


def tell_paid(invoice: Invoice, *, now: datetime) -> None:
    """Tell that nothing is left to pay."""
    _tell("invoice.paid", invoice, invoice.paid_at or now, now)


def tell_past_due(
    invoice: Invoice, late_since: datetime, owed_cents: int, *, now: datetime
) -> None:
    """Tell that an invoice should have been paid by now, once for each due date that it had."""
    more = {"owed_cents": owed_cents, "late_since": told_at(late_since)}
    subject = f"{invoice.id}:{int(late_since.timestamp())}"
    tell([_fact(PAST_DUE, invoice, late_since, subject, more)], now=now)


def tell_void(invoice: Invoice, *, now: datetime) -> None:
    """Tell that an invoice is void, so nothing is owed on it."""
    at = invoice.voided_at or now
    more = {"correction": {"kind": "void", "amount_cents": invoice.total_cents}}
    tell([_fact("invoice.corrected", invoice, at, f"{invoice.id}:void", more)], now=now)


def tell_corrected(invoice: Invoice, kept: Kept, *, now: datetime) -> None:
    """Tell of a credit note, a refund or a dispute, each time that its status is another."""
    row = kept.row
    if not kept.is_news:
        return
    more = {"correction": _correction(row)}
    at = row.told_at or now
    # A dispute can come to a status again, after an appeal.
    subject = f"{invoice.id}:{row.kind}:{row.id}:{row.status}:{told_at(at)}"
    tell([_fact("invoice.corrected", invoice, at, subject, more)], now=now)


def _correction(row: Correction) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "stripe_id": row.stripe_id,
        "number": row.number,
        "status": row.status,
        "amount_cents": row.amount_cents,
    }


def _tell(kind: str, invoice: Invoice, at: datetime, now: datetime) -> None:
    tell([_fact(kind, invoice, at, str(invoice.id))], now=now)


def _fact(
    kind: str, invoice: Invoice, at: datetime, subject: str, more: dict[str, Any] | None = None
) -> Fact:
    return Fact(
        kind=kind,
        subject=subject,
        ordering_key=f"invoice:{invoice.id}",
        at=at,
        data={"invoice": _told(invoice), **(more or {})},
        organization_id=invoice.organization_id,
    )


def _told(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as it is now, under the names that the API has for it."""
    return {
        "sequence": invoice.sequence,
        "number": invoice.number,
        "status": invoice.status,
        "currency": invoice.currency,
        "total_cents": invoice.total_cents or 0,
        "amount_due_cents": invoice.amount_due_cents,
        "amount_paid_cents": invoice.amount_paid_cents,
        "amount_remaining_cents": invoice.amount_remaining_cents,
        "period_start": told_at(invoice.period_start),
        "period_end": told_at(invoice.period_end),
        "due_at": _instant(invoice.due_at),
        "finalized_at": _instant(invoice.finalized_at),
        "paid_at": _instant(invoice.paid_at),
        "stripe_invoice_id": invoice.stripe_invoice_id,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else told_at(at)
