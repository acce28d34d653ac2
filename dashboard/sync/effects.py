"""What a confirmed call changes here: Stripe's ids, the agreed lines, the totals last seen."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.billing.identity import is_customer_of, is_this
from dashboard.billing.locks import lock_row, read_held
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.extensions import db
from dashboard.gateway.errors import NotOurs
from dashboard.gateway.records import RemoteCustomer, RemoteInvoice
from dashboard.organizations.models import Organization
from dashboard.sync.agreed import agreement, learn_ids
from dashboard.sync.models import AddedLine, SyncedLine
from dashboard.sync.work import Work

UNTOUCHED = "Nothing was changed here. Check whether another application uses the same account."


def agrees(invoice: Invoice, draft: RemoteInvoice) -> bool:
    """Whether a reply's total is that of the agreed lines; the ids that it shows are kept."""
    found = agreement(invoice.id)
    if found.unlearned:
        learn_ids(invoice, draft.lines)
    return draft.total_cents == found.agreed_cents


def is_about(work: Work, stripe_invoice_id: str | None) -> bool:
    """Whether this is what the invoice is at Stripe by now, whose row is locked; or about none.

    Its draft may have been deleted there, or replaced by a revision, while the answer was awaited.
    """
    read_held(work.invoice)
    return stripe_invoice_id in (None, work.invoice.stripe_invoice_id)


def record_customer(
    organization: Organization,
    remote: RemoteCustomer,
    told: dict[str, str | None] | None = None,
) -> None:
    """Take over the customer, unless the sync of another invoice was first: its drafts use that.

    Raises `NotOurs` for one that was not made for the organization.
    """
    if not is_customer_of(organization, remote):
        raise NotOurs(f"Stripe answered with customer {remote.id}, which is not ours. {UNTOUCHED}")
    lock_row(organization)
    if organization.stripe_customer_id is None:
        organization.stripe_customer_id = remote.id
    if organization.stripe_customer_id == remote.id:
        # What was told, and not how Stripe writes it: else it would be told for ever.
        organization.agreed_customer = told or {"name": remote.name, "email": remote.email}
        organization.customer_at_stripe = None


def record_invoice(work: Work, remote: RemoteInvoice) -> None:
    """Take over what a reply or a reading shows of the invoice; `NotOurs` if it is of another."""
    # An event may have told more of it while the call was under way.
    read_held(work.invoice)
    if not is_this(work.invoice, remote):
        raise NotOurs(f"Stripe answered with {remote.id}, which is not this invoice. {UNTOUCHED}")
    work.invoice.stripe_invoice_id = remote.id
    record_remote(work.invoice, remote, now=work.clock())


def forget_draft(invoice: Invoice) -> None:
    """Forget a draft that no longer exists at Stripe; the next sync makes a new one.

    The invoice must be locked: whoever decides on one of its lines holds it too.
    """
    for table in (SyncedLine, AddedLine):
        for line in db.session.scalars(select(table).where(table.invoice_id == invoice.id)):
            db.session.delete(line)
    db.session.flush()
    invoice.stripe_invoice_id = None
    invoice.stripe_attempt += 1
    invoice.stripe_status = None
    invoice.stripe_total_cents = None
    invoice.agreed_terms = None
    invoice.automatically_finalizes_at = None
    invoice.synced_revision = 0
    invoice.synced_total_cents = 0
