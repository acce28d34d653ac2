"""What events tell of an issued bill beside the invoice: payments, credit notes, refunds, disputes.

Here they are noticed, kept, shown and put on record. None of them changes what the invoice bills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.corrections import Kept, keep_correction, keep_payments
from dashboard.billing.credit_notes import follow_note
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import lock_invoices
from dashboard.billing.mailing import mail_note
from dashboard.billing.models import Invoice
from dashboard.billing.notes import notes_add_up
from dashboard.billing.outcome import note_decline, put_on_hold
from dashboard.billing.refunds import follow_refund
from dashboard.billing.telling import tell_corrected
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection
from dashboard.pricing.exact import major_text
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.finding import find_issued, issued_as
from dashboard.webhooks.hearing import look_for_payments, read_again

NOT_OURS = Handled("Not for an invoice of ours.", ignored=True)
SEVERAL = "money_back_of_several"


def payment_told(delivery: Delivery) -> Handled:
    """A payment of an invoice went through, or was made by other means and attached to it."""
    payment = delivery.payment
    invoice = find_issued(payment.stripe_invoice_id, delivery)
    if invoice is None:
        return NOT_OURS
    known = None if delivery.held is None else delivery.held.payments
    keep_payments(invoice, [payment], known)
    if payment.off_stripe:
        read_again(invoice, delivery)
    else:
        look_for_payments(invoice, delivery)
    return Handled("The payment of the invoice was recorded.")


def decline_told(delivery: Delivery) -> Handled:
    """An attempt to pay failed: what the bank said is told by nothing else.

    Of an intent that is not known nobody is asked: it is another application's, or its invoice says
    that it failed, without the reason.
    """
    decline = delivery.gateway.decline_of(delivery.remote)
    query = select(InvoicePayment.invoice_id).where(InvoicePayment.paid_by == decline.paid_by)
    invoices = lock_invoices(set(db.session.scalars(query)))
    if not invoices:
        return NOT_OURS
    for invoice in invoices:
        note_decline(invoice, decline.code or "unknown", at=delivery.event.created_at)
    return Handled(
        f"The reason for the failed payment was recorded: {decline.code or 'no reason was given'}."
    )


def credit_note_told(delivery: Delivery) -> Handled:
    """A credit note was made, changed or voided: what is due of its invoice may be another."""
    note = delivery.gateway.correction_of(delivery.remote)
    invoice = find_issued(str(note.stripe_invoice_id), delivery)
    if invoice is None:
        return NOT_OURS
    kept = keep_correction(invoice, note)
    is_ours = follow_note(invoice, note, kept.row.status, now=delivery.now)
    settle_difference(invoice, now=delivery.now)
    mail_note(invoice, kept.row, now=delivery.now)
    tell_corrected(invoice, kept, now=delivery.now)
    if not notes_add_up(invoice):
        # The event of the invoice is not here yet, or there is none.
        read_again(invoice, delivery)
    if is_ours:
        # Put on record as what was planned here.
        return Handled(f"The credit note made here is {kept.row.status}.")
    return told(invoice, kept, delivery)


def money_back_told(delivery: Delivery) -> Handled:
    """Money of a payment was given back, or a bank asks for it: refunds and disputes."""
    remote = delivery.gateway.correction_of(delivery.remote)
    if remote.paid_by is None:
        return NOT_OURS
    invoices = paid_by(remote.paid_by, delivery)
    if not invoices:
        return NOT_OURS
    if len(invoices) > 1:
        return hold_all(invoices, remote, delivery)
    [invoice] = invoices
    kept = keep_correction(invoice, remote)
    if kept.heard == "unsure":
        found = delivery.reading(
            ("dispute", remote.id, kept.row.told_at, kept.row.told_by),
            lambda gateway: gateway.dispute(remote.id),
        )
        happened = delivery.event.created_at
        as_of = happened if found.as_of is None else max(found.as_of, happened)
        kept = keep_correction(invoice, replace(found, as_of=as_of), is_last=True)
    tell_corrected(invoice, kept, now=delivery.now)
    if follow_refund(invoice, remote, now=delivery.now):
        # Put on record as what was planned here.
        return Handled(f"The refund made here is {kept.row.status}.")
    return told(invoice, kept, delivery)


def paid_by(payment: str, delivery: Delivery) -> Sequence[Invoice]:
    """Return our invoices that a payment paid, locked; asks Stripe only for one never seen."""
    query = select(InvoicePayment.invoice_id).where(InvoicePayment.paid_by == payment)
    known = set(db.session.scalars(query))
    if not known:
        found = delivery.reading(
            ("payments", payment), lambda gateway: gateway.payments_by(payment)
        )
        issued = issued_as({one.stripe_invoice_id for one in found})
        for invoice in issued:
            payments = [one for one in found if one.stripe_invoice_id == invoice.stripe_invoice_id]
            keep_payments(invoice, payments)
        return issued
    return lock_invoices(known)


def told(invoice: Invoice, kept: Kept, delivery: Delivery) -> Handled:
    """Put what is new on record."""
    row = kept.row
    if not kept.is_news:
        return Handled(f"The {row.kind.replace('_', ' ')} is {row.status} already.")
    facts = {
        "stripe_id": row.stripe_id,
        "amount_cents": row.amount_cents,
        "currency": invoice.currency,
        "status": row.status,
    }
    write_entry(f"{row.kind}.told", invoice, STRIPE, facts, now=delivery.now)
    amount = major_text(Decimal(row.amount_cents), invoice.currency)
    return Handled(f"A {row.kind.replace('_', ' ')} of {amount} is {row.status}.")


def hold_all(invoices: Sequence[Invoice], remote: RemoteCorrection, delivery: Delivery) -> Handled:
    """Hold invoices that were paid together: of which one money went back, a person must say."""
    amount = major_text(Decimal(remote.amount_cents), invoices[0].currency)
    for invoice in invoices:
        put_on_hold(
            invoice,
            SEVERAL,
            f"A {remote.kind} of {amount} ({remote.id}, {remote.status}) belongs to a payment for "
            f"{len(invoices)} invoices. Nothing was changed here. Issue a credit note at Stripe "
            "for the right one.",
            now=delivery.now,
        )
    return Handled(f"The payment covers {len(invoices)} invoices: a person must decide.")
