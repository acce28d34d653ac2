"""Compare what a page of Stripe's shows with the ledger; nothing is called and nothing changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, String, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gaps.gap import Gap
from dashboard.gaps.models import SeenAtStripe, StripeGap
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.event_records import RemoteEvent, Unreadable
from dashboard.gateway.records import RemoteInvoice
from dashboard.ids import read_id
from dashboard.organizations.models import Organization
from dashboard.restores.models import LedgerMark
from dashboard.statement import any_of
from dashboard.sync.models import ACTIVE, SyncRun, SyncStep
from dashboard.webhooks.models import WebhookEvent

# In a round. Each costs a read; more of them have one cause.
MOST_MISSED = 20
# What an invoice here may be while Stripe says this of it.
FITTING = {
    "draft": ("draft", "closing", "sealed"),
    "open": ("open", "uncollectible"),
    "uncollectible": ("open", "uncollectible"),
}


def missing_events(events: Collection[RemoteEvent | Unreadable]) -> Iterator[Gap]:
    """Yield the events that never came into the inbox."""
    names = [event.id for event in events]
    query = select(WebhookEvent.stripe_event_id).where(
        WebhookEvent.stripe_event_id == any_of(names, String)
    )
    known = set(db.session.scalars(query))
    for event in events:
        if event.id not in known:
            at = getattr(event, "created_at", None)
            when = f" of {at:%Y-%m-%d %H:%M} UTC" if at else ""
            kind = event.type or "an unreadable event"
            told = f"Stripe has the event {event.id} ({kind}){when}, and it never arrived here."
            yield Gap("event", event.id, told)


def invoice_gaps(remotes: Sequence[RemoteInvoice]) -> Iterator[Gap]:
    """Yield what of these invoices of this installation the ledger does not know like that."""
    numbers = {one.id: read_id(one.invoice or "") for one in remotes}
    query = select(Invoice).where(Invoice.id.in_({one for one in numbers.values() if one}))
    rows = {
        one.id: one
        for one in db.session.scalars(
            query.options(joinedload(Invoice.organization)).execution_options(
                populate_existing=True
            )
        )
    }
    for remote in remotes:
        invoice = rows.get(numbers[remote.id] or 0)
        gap = _of_nobody(remote) if invoice is None else _of_invoice(invoice, remote)
        if gap is not None:
            yield gap


def _of_nobody(remote: RemoteInvoice) -> Gap:
    which = f"invoice {remote.invoice}" if remote.invoice else "an invoice"
    told = (
        f"Stripe has {_called(remote)} that says it is {which} of this installation, which the "
        "ledger does not have."
    )
    return Gap("unknown_invoice", remote.id, told)


def _of_invoice(invoice: Invoice, remote: RemoteInvoice) -> Gap | None:
    whose = (invoice.organization_id, invoice.sequence)
    if invoice.stripe_invoice_id == remote.id:
        if invoice.status in FITTING.get(remote.status, (remote.status,)):
            return None
        told = (
            f"Stripe says that {invoice.called} of {invoice.organization.slug} is {remote.status}; "
            f"here it is {invoice.status}."
        )
        return Gap("moved_invoice", remote.id, told, *whose)
    if remote.id == invoice.replaced_stripe_id or _is_being_made(invoice):
        return None
    ours = invoice.stripe_invoice_id or "none yet"
    told = (
        f"Stripe has {_called(remote)} for {invoice.called} of {invoice.organization.slug}, beside "
        f"the one that the ledger knows ({ours})."
    )
    return Gap("second_invoice", remote.id, told, *whose)


def _is_being_made(invoice: Invoice) -> bool:
    """Whether a sync will find by itself what it made: one is under way, or was interrupted."""
    if invoice.stripe_invoice_id is not None:
        return False
    run = exists().where(SyncRun.invoice_id == invoice.id, SyncRun.state.in_(ACTIVE))
    step = exists().where(SyncStep.invoice_id == invoice.id, SyncStep.outcome.is_(None))
    return bool(db.session.scalar(select(run | step)))


def _called(remote: RemoteInvoice) -> str:
    kind = "a draft" if remote.status == "draft" else f"an invoice that is {remote.status}"
    return f"{kind} ({remote.id})"


def customer_gaps(remotes: Sequence[RemoteCustomer]) -> Iterator[Gap]:
    """Yield which of these customers of this installation are nobody's, or somebody's second."""
    numbers = {one.id: read_id(one.organization or "") for one in remotes}
    query = select(Organization).where(Organization.id.in_({n for n in numbers.values() if n}))
    rows = {one.id: one for one in db.session.scalars(query)}
    mark = db.session.scalar(select(LedgerMark.stripe_id))
    for remote in remotes:
        if remote.id == mark or remote.marks:
            continue
        organization = rows.get(numbers[remote.id] or 0)
        if organization is None:
            which = f"organization {remote.organization}" if remote.organization else "nobody"
            told = (
                f"Stripe has the customer {remote.id} of {which} of this installation, which the "
                "ledger does not have."
            )
            yield Gap("unknown_customer", remote.id, told)
        elif organization.stripe_customer_id not in (None, remote.id):
            told = (
                f"Stripe has two customers of {organization.slug}: {remote.id}, beside the one "
                f"that the ledger knows ({organization.stripe_customer_id})."
            )
            yield Gap("second_customer", remote.id, told, organization.id)


def missed_invoice(statuses: Collection[str], *, since: datetime) -> str | None:
    """Return an invoice that the ledger has at Stripe and that nothing has shown since then.

    By Stripe's name, and of those that were never shown or longest ago. What was made there
    meanwhile is left out, and what is known to be lost. A read has to say that one is gone.
    """
    query = select(Invoice.stripe_invoice_id).where(
        Invoice.status.in_(statuses),
        Invoice.stripe_invoice_id.is_not(None),
        Invoice.last_synced_at < since,
    )
    return _first_missed(query, Invoice.stripe_invoice_id, Invoice.id, since)


def missed_customer(*, since: datetime) -> str | None:
    """Return the customer of an organization that nothing has shown since then, in such order."""
    query = select(Organization.stripe_customer_id).where(
        Organization.stripe_customer_id.is_not(None),
        Organization.customer_lost_at.is_(None),
        Organization.created_at < since,
    )
    return _first_missed(query, Organization.stripe_customer_id, Organization.id, since)


def _first_missed(
    query: Select[str | None],
    stripe_id: InstrumentedAttribute[str | None],
    number: InstrumentedAttribute[int],
    since: datetime,
) -> str | None:
    shown_at = SeenAtStripe.seen_at
    is_known = exists().where(
        StripeGap.stripe_id == stripe_id,
        StripeGap.kind.in_(("lost_invoice", "lost_customer")),
        StripeGap.gone_at.is_(None),
    )
    missed = query.outerjoin(SeenAtStripe, SeenAtStripe.stripe_id == stripe_id).where(
        or_(shown_at.is_(None), shown_at < since), ~is_known
    )
    return db.session.scalar(missed.order_by(shown_at.nulls_first(), number).limit(1))


def lost_invoice(invoice: Invoice) -> Gap:
    """Return that Stripe does not have an invoice."""
    told = (
        f"Stripe does not have {invoice.stripe_invoice_id}, which the ledger knows as "
        f"{invoice.called} of {invoice.organization.slug}."
    )
    stripe_id = str(invoice.stripe_invoice_id)
    return Gap("lost_invoice", stripe_id, told, invoice.organization_id, invoice.sequence)


def lost_customer(organization: Organization) -> Gap:
    """Return that Stripe does not have a customer."""
    told = (
        f"Stripe does not have {organization.stripe_customer_id}, which the ledger knows as the "
        f"customer of {organization.slug}."
    )
    return Gap("lost_customer", str(organization.stripe_customer_id), told, organization.id)
