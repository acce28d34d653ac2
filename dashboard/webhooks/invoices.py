"""What each `invoice.*` event means for the ledger; order and repetition do not matter."""

from __future__ import annotations

from datetime import datetime

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.difference import settle_difference
from dashboard.billing.mailing import mail_failed, mail_to_confirm
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import (
    note_failure,
    note_to_confirm,
    put_on_hold,
    record_remote,
)
from dashboard.billing.subscription import is_untold, know_again, ours_cents
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.agreed import agreed_total
from dashboard.sync.missing import forget_draft
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.sync.revisions import adopt, latest
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.finding import invoice_called, is_known, our_invoice
from dashboard.webhooks.hearing import hear, look_for_payments
from dashboard.webhooks.subscriptions import invoice_made


def invoice_created(delivery: Delivery) -> Handled:
    """A draft appeared: ours are known from the reply, others are nobody's business here."""
    # Before an invoice is locked: its organization comes first.
    if delivery.invoice.subscription_id is not None and not is_known(delivery):
        return invoice_made(delivery, delivery.invoice.subscription_id)
    known = our_invoice(delivery) is not None
    return Handled("Our own draft." if known else "Not an invoice of ours.", ignored=True)


def invoice_updated(delivery: Delivery) -> Handled:
    """Something changed: an echo of our own call, or somebody edited the invoice at Stripe."""
    remote = delivery.invoice
    invoice = our_invoice(delivery)
    if invoice is None:
        return Handled("Not an invoice of ours.", ignored=True)
    if delivery.is_echo:
        return Handled(ECHO, ignored=True)
    if remote.status != "draft" or invoice.status in FINALIZED:
        return finalized_or_later(delivery)
    if invoice.stripe_invoice_id is None or invoice.parked_at is not None:
        return Handled("The next sync compares every line anyway.", ignored=True)
    invoice.needs_verification = True
    invoice.next_sync_at = delivery.now
    if invoice.stripe_told_at is None or delivery.event.created_at >= invoice.stripe_told_at:
        # Told apart from the lines: a comparison does not show that Stripe's schedule is off.
        invoice.automatically_finalizes_at = remote.automatically_finalizes_at
        # No line tells of it either: what was switched off there is switched on again.
        invoice.stripe_automatic_tax = remote.automatic_tax
        invoice.stripe_tax_status = remote.tax_status
    differs = ours_cents(invoice, remote) != agreed_total(invoice.id)
    words = "its total differs" if differs else "its total is as agreed"
    return Handled(f"The draft was changed at Stripe ({words}). Its lines will be compared.")


def finalized_or_later(delivery: Delivery) -> Handled:
    """The invoice left the draft state: take it over, or reconcile when Stripe acted first."""
    told = delivery.invoice
    # Before the lock: a void invoice may have a successor, which only Stripe can tell of.
    remote = as_it_stands(delivery) if told.status == "void" else told
    invoice = our_invoice(delivery)
    if invoice is None:
        return Handled("Not an invoice of ours.", ignored=True)
    if remote.status == "draft":
        return Handled("Older than the latest event.", ignored=True)
    if stripe_acted_first(invoice, remote, is_echo=delivery.is_echo):
        delivery.runs.append(begin_reconciliation(invoice, remote, now=delivery.now))
        return Handled("Stripe finalized it before the ledger was done; it is being reconciled.")
    before = invoice.status
    if remote.id != told.id:
        return revised(invoice, remote, delivery)
    heard = hear(invoice, remote, delivery)
    note_attempt(invoice, told, delivery)
    look_for_payments(invoice, delivery)
    if heard == "older":
        return Handled(f"It is {invoice.status}; the event has nothing newer.")
    if heard != "moved":
        return Handled(f"It is already {invoice.status}; its details were updated.")
    delivery.moved.add(invoice.id)
    note_move(invoice, before, now=delivery.now)
    return Handled(f"The invoice went from {before} to {invoice.status}.")


def note_attempt(invoice: Invoice, told: RemoteInvoice, delivery: Delivery) -> None:
    """Note an attempt that came to nothing, or waits for the customer to confirm it."""
    at = delivery.event.created_at
    if delivery.type == "invoice.payment_failed":
        message, attempts = told.payment_error or "The payment was declined.", told.attempt_count
        note_failure(invoice, attempts or 1, message, at=at)
        # One that is older than what is known is no news, nor one of an invoice that is settled.
        if invoice.status == "open" and invoice.failed_attempts == (attempts or 1):
            mail_failed(invoice, invoice.failed_attempts, at=at, now=delivery.now)
    elif delivery.type == "invoice.payment_action_required":
        note_to_confirm(invoice, at=at)
        if invoice.status == "open" and invoice.action_required_at == at:
            mail_to_confirm(invoice, told.attempt_count or 1, at=at, now=delivery.now)


def begin_reconciliation(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> SyncRun:
    """Note that Stripe finalized first and return the sync that takes over what it billed."""
    invoice.stripe_invoice_id = invoice.stripe_invoice_id or remote.id
    know_again(invoice, remote)
    invoice.stripe_status = remote.status
    return request_sync(invoice, Request("event", STRIPE, verify=True), now=now)


def note_move(invoice: Invoice, before: str, *, now: datetime) -> None:
    """Put on record that Stripe moved the invoice on from `before`."""
    facts = {"from": before, "to": invoice.status, "stripe_id": invoice.stripe_invoice_id}
    write_entry(f"invoice.{invoice.status}", invoice, STRIPE, facts, now=now)


def as_it_stands(delivery: Delivery) -> RemoteInvoice:
    """Return the invoice that asks for the money of a void one of ours now, read from Stripe."""
    told = delivery.invoice
    if not is_known(delivery):
        return told
    found = delivery.reading(
        ("revision", told.id), lambda gateway: latest(gateway, gateway.invoice(told.id))
    )
    # Void is final: a reading that does not show it yet is older than the event.
    return told if found.id == told.id else found


def revised(invoice: Invoice, revision: RemoteInvoice, delivery: Delivery) -> Handled:
    """Follow an invoice that somebody edited at Stripe to its revision."""
    if not adopt(invoice, revision, now=delivery.now):
        return Handled(f"Stripe replaced it by {revision.id}, which was not accepted as its bill.")
    record_remote(invoice, revision, now=delivery.now, is_last=True)
    settle_difference(invoice, now=delivery.now)
    return Handled(f"It was edited at Stripe: {revision.number} replaced it and is its bill now.")


def stripe_acted_first(invoice: Invoice, remote: RemoteInvoice, *, is_echo: bool = False) -> bool:
    """Whether Stripe finalized what the ledger still held open, or billed something else."""
    if invoice.status in FINALIZED:
        return False
    if invoice.status != "sealed" or is_untold(invoice):
        return True
    return not is_echo and ours_cents(invoice, remote) != invoice.total_cents


def finalization_failed(delivery: Delivery) -> Handled:
    """Stripe could not finalize: put it on hold with Stripe's reason."""
    invoice = our_invoice(delivery)
    if invoice is None or invoice.status in FINALIZED:
        return Handled("No invoice of ours is waiting for it.", ignored=True)
    why = delivery.invoice.finalization_error or "no reason was given"
    put_on_hold(
        invoice,
        "finalization_failed",
        f"Stripe could not finalize it: {why}. Nothing was billed. Fix the cause, then sync.",
        now=delivery.now,
    )
    return Handled(f"On hold: {why}.")


def invoice_deleted(delivery: Delivery) -> Handled:
    """The draft was deleted at Stripe: the next sync makes it anew."""
    invoice = invoice_called(delivery.invoice.id, delivery)
    if invoice is None or invoice.status in FINALIZED:
        return Handled("It was not an invoice of ours.", ignored=True)
    forget_deleted(invoice, now=delivery.now)
    return Handled("The draft was deleted at Stripe; the next sync creates a new one.")


def forget_deleted(invoice: Invoice, *, now: datetime) -> None:
    """Forget a draft that somebody deleted, and have it made anew."""
    facts = {"stripe_id": invoice.stripe_invoice_id}
    forget_draft(invoice)
    invoice.next_sync_at = now
    write_entry("invoice.deleted_at_stripe", invoice, STRIPE, facts, now=now)
