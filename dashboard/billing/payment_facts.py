"""What an invoice's row says of its payment, as `payment_state` takes it."""

from __future__ import annotations

from datetime import datetime

from dashboard.billing.models import Invoice
from dashboard.billing.payment_state import (
    PaymentFacts,
    PaymentState,
    decline_code_of,
    payment_state,
)


def payment_facts(invoice: Invoice) -> PaymentFacts:
    """Return the facts of an invoice, in minor units."""
    # The first that is known: one that was issued long ago was not told all of it.
    asked = (invoice.amount_remaining_cents, invoice.amount_due_cents, invoice.total_cents)
    remaining = next(cents for cents in asked if cents is not None)
    return PaymentFacts(
        status=invoice.status,
        total_cents=invoice.total_cents,
        remote_status=_remote_status(invoice),
        remaining_cents=max(remaining, 0),
        paid_cents=invoice.amount_paid_cents or 0,
        outside_cents=invoice.paid_off_stripe_cents or 0,
        credited_cents=invoice.pre_payment_credit_notes_cents or 0,
        refunded_cents=invoice.refunded_cents,
        disputed_cents=invoice.disputed_cents,
        charged_back_cents=invoice.charged_back_cents,
        due_at=invoice.due_at,
        finalized_at=invoice.finalized_at,
        failure=invoice.payment_failure,
        failed_at=invoice.payment_failed_at,
        decline_code=decline_code_of(invoice.decline, invoice.payment_failed_at),
        confirm_at=invoice.action_required_at,
        next_attempt_at=invoice.next_payment_attempt_at,
        attempts=invoice.failed_attempts,
        is_off_portal=invoice.is_off_portal,
    )


def payment_of(invoice: Invoice, now: datetime) -> PaymentState:
    """Return the state of an invoice's payment."""
    return payment_state(payment_facts(invoice), now)


def _remote_status(invoice: Invoice) -> str | None:
    return None if invoice.stripe_invoice_id is None else invoice.stripe_status or invoice.status
