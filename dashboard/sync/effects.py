"""What any call changes here: the invoice and the customer, as a reply or a reading showed them."""

from __future__ import annotations

from typing import Any

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.difference import settle_difference
from dashboard.billing.identity import is_customer_of, is_this
from dashboard.billing.locks import lock_row, read_held
from dashboard.billing.outcome import record_remote
from dashboard.billing.uncharged import note_all_uncharged
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.errors import NotOurs
from dashboard.gateway.records import RemoteInvoice
from dashboard.organizations.cards import forget_cards
from dashboard.organizations.models import Organization
from dashboard.sync.work import Work

UNTOUCHED = "Nothing was changed here. Check whether another application uses the same account."


def is_about(work: Work, stripe_invoice_id: str | None) -> bool:
    """Whether this is what the invoice is at Stripe by now, whose row is locked; or about none.

    Its draft may have been deleted there, or replaced by a revision, while the answer was awaited.
    """
    read_held(work.invoice)
    return stripe_invoice_id in (None, work.invoice.stripe_invoice_id)


def record_customer(
    organization: Organization,
    remote: RemoteCustomer,
    told: dict[str, Any] | None = None,
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
        organization.agreed_customer = told or remote.said(organization.customer)
        organization.customer_at_stripe = None


def record_invoice(work: Work, remote: RemoteInvoice) -> None:
    """Take over what a reply or a reading shows of the invoice; `NotOurs` if it is of another."""
    # An event may have told more of it while the call was under way.
    read_held(work.invoice)
    if not is_this(work.invoice, remote):
        raise NotOurs(f"Stripe answered with {remote.id}, which is not this invoice. {UNTOUCHED}")
    work.invoice.stripe_invoice_id = remote.id
    was_held = work.invoice.parked_code
    record_remote(work.invoice, remote, now=work.clock())
    if was_held and work.invoice.parked_code is None:
        # Behind what it was held for there may be a difference that is not decided on.
        settle_difference(work.invoice, now=work.clock())


def forget_customer(work: Work, stripe_id: str) -> None:
    """Forget a customer that was deleted at Stripe; the next draft has a new one made.

    Commits before it looks at the organization's other bills: no sync holds two invoices.
    """
    organization = work.invoice.organization
    lock_row(organization)
    if organization.stripe_customer_id == stripe_id:
        note_missing(work, "customer.deleted_at_stripe", stripe_id)
        organization.stripe_customer_id = None
        organization.customer_lost_at = work.clock()
        organization.agreed_customer = organization.customer_at_stripe = None
        forget_cards(organization)
        work.checkpoint()
        lock_row(organization)
        note_all_uncharged(organization, now=work.clock())
        work.checkpoint()


def note_missing(work: Work, action: str, stripe_id: str) -> None:
    """Put on record that something is no longer at Stripe."""
    write_entry(
        action,
        work.invoice,
        STRIPE,
        {"stripe_id": stripe_id},
        now=work.clock(),
    )
