"""The draft at Stripe itself: created at first need, with the customer, and its dead-man switch."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.billing.subscription import on_theirs
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.gateway.records import InvoiceDraft, RemoteInvoice
from dashboard.installation import this_installation
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.facts import ScheduleFacts
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.sync.stripe_calls.customers import CreateCustomer
from dashboard.sync.stripe_calls.drafts import CreateDraft, Schedule
from dashboard.zones import zone_named


def create_draft(work: DraftWork) -> None:
    """Create the customer at first need and the empty draft."""
    invoice, organization = work.invoice, work.invoice.organization
    # The sync of its other invoice may have created the customer just now.
    db.session.refresh(organization)
    if organization.stripe_customer_id is None:
        customer = CustomerDraft(
            organization=str(organization.id),
            name=organization.name,
            email=organization.email,
            installation=this_installation().identity,
            address=organization.address,
            tax_exempt=organization.tax_exempt,
        )
        perform(work, CreateCustomer(customer))
    at = finalizes_at(invoice, work.clock())
    draft = InvoiceDraft(
        customer_id=str(organization.stripe_customer_id),
        invoice=str(invoice.id),
        currency=invoice.currency,
        collection_method=organization.collection_method,
        days_until_due=organization.days_until_due,
        finalizes_at=at,
        description=days_of_bill(invoice, organization.cycle_zone),
        installation=this_installation().identity,
        automatic_tax=invoice.automatic_tax,
    )
    product = current_policy().stripe_tax_product if invoice.automatic_tax else ""
    reply = perform(work, CreateDraft(draft, product))
    hold_unless_scheduled(work, reply, at)


def days_of_bill(invoice: Invoice, zone: str) -> str:
    """Return the days of the bill by the calendar that its cycles are counted by."""
    calendar = zone_named(zone)
    start, end = (at.astimezone(calendar) for at in (invoice.period_start, invoice.period_end))
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d} ({zone})"


def zone_of_days(words: str) -> str:
    """Return the calendar that the days of a bill were told in."""
    return words.rpartition("(")[2].removesuffix(")")


def hold_unless_scheduled(work: DraftWork, reply: object, at: datetime | None) -> None:
    """Hold a draft whose schedule did not read back: Stripe would close it within the hour."""
    if isinstance(reply, RemoteInvoice) and reply.auto_advance:
        if at is not None and reply.automatically_finalizes_at == at:
            return
        perform(work, Schedule(reply.id, None))


def schedule_again(work: DraftWork, *, was_on_hold: bool) -> None:
    """Set the dead-man switch of a draft anew that holding it had switched off."""
    invoice = work.invoice
    at = finalizes_at(invoice, work.clock())
    if at is None or invoice.stripe_invoice_id is None or invoice.automatically_finalizes_at:
        return
    if was_on_hold or invoice.restores_schedule or held_by_us(invoice) or on_theirs(invoice):
        wanted = Schedule(invoice.stripe_invoice_id, at)
        hold_unless_scheduled(work, perform(work, wanted), at)


def schedule_for_end(work: DraftWork) -> None:
    """Move the dead-man switch of a draft whose cycle ends at another time by now."""
    invoice = work.invoice
    at = finalizes_at(invoice, work.clock())
    is_set = invoice.automatically_finalizes_at is not None
    if is_set and at is not None and invoice.stripe_invoice_id is not None:
        hold_unless_scheduled(work, perform(work, Schedule(invoice.stripe_invoice_id, at)), at)


def held_by_us(invoice: ScheduleFacts) -> bool:
    """Whether we said last that the draft has no schedule; what a person did there stays."""
    query = (
        select(SyncStep.body)
        .join(SyncStep.run)
        .where(SyncRun.invoice_id == invoice.id, SyncStep.operation == Schedule.operation)
        .order_by(SyncStep.id.desc())
        .limit(1)
    )
    last = db.session.scalar(query)
    return last is not None and last["at"] is None


def was_switched_off(invoice: ScheduleFacts, now: datetime) -> bool:
    """Whether a draft that Stripe should finalize without us has no schedule, and not by us."""
    return (
        invoice.stripe_status == "draft"
        and invoice.automatically_finalizes_at is None
        and not invoice.restores_schedule
        and finalizes_at(invoice, now) is not None
        and not held_by_us(invoice)
    )


def ask_for_schedule(invoice: Invoice, *, actor: Actor, now: datetime) -> None:
    """Have the next sync set the schedule again. Raises `Conflict` where it is not off."""
    invoice = lock_invoice(invoice.id)
    if not was_switched_off(invoice, now):
        raise Conflict(
            "Stripe's own schedule is already on, or the invoice is on hold. Nothing was changed. "
            "Reload the page."
        )
    invoice.restores_schedule = True
    write_entry("invoice.schedule_restored", invoice, actor, {}, now=now)


def finalizes_at(invoice: ScheduleFacts, now: datetime) -> datetime | None:
    """Return when Stripe may finalize without us; None when the dead-man switch is off."""
    hours = current_policy().autofinalize_after_hours
    if hours == 0 or invoice.parked_at is not None:
        return None
    # A draft made late still leaves its people the whole time to act.
    base = max(invoice.period_end, now)
    return (base + timedelta(hours=hours)).replace(microsecond=0)
