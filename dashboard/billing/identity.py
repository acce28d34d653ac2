"""Which of our invoices an invoice at Stripe is.

By its stored id; else by what its metadata claims and, since anybody with a key of the account may
write that, only for a customer that is our organization's own. An organization without a customer
has no invoice at Stripe either: the customer is committed before the first draft is asked for.
"""

from __future__ import annotations

from sqlalchemy import Select, select

from dashboard.billing.locks import for_change
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.records import RemoteInvoice
from dashboard.ids import read_id
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization


def find_invoice(remote: RemoteInvoice) -> Invoice | None:
    """Return our invoice for Stripe's, locked; None when it is not one of ours."""
    stored = select(Invoice).where(Invoice.stripe_invoice_id == remote.id)
    return _locked(stored) or _find_by_claim(remote)


def is_this(invoice: Invoice, remote: RemoteInvoice) -> bool:
    """Whether what Stripe shows is `invoice`: the answer to a call of ours should be."""
    if invoice.stripe_invoice_id is not None:
        return invoice.stripe_invoice_id == remote.id
    return (
        _is_of_us(remote.installation)
        and _number(remote) == invoice.id
        and remote.customer_id == invoice.organization.stripe_customer_id
    )


def claims_to_be_ours(remote: RemoteInvoice) -> bool:
    """Whether its metadata names an invoice of this installation; anybody may write that."""
    return _number(remote) is not None and _is_of_us(remote.installation)


def is_customer_of(organization: Organization, remote: RemoteCustomer) -> bool:
    """Whether a customer at Stripe was made for `organization`, by this installation."""
    return _is_of_us(remote.installation) and remote.organization == str(organization.id)


def _find_by_claim(remote: RemoteInvoice) -> Invoice | None:
    if not claims_to_be_ours(remote):
        return None
    return _locked(
        select(Invoice)
        .join(Organization, Organization.id == Invoice.organization_id)
        .where(
            Invoice.id == _number(remote),
            # Our number is trusted only while no other Stripe invoice stands for it.
            Invoice.stripe_invoice_id.is_(None),
            Organization.stripe_customer_id == remote.customer_id,
        )
    )


def _locked(query: Select[Invoice]) -> Invoice | None:
    return db.session.scalars(for_change(query, of=Invoice)).one_or_none()


def _number(remote: RemoteInvoice) -> int | None:
    return None if remote.invoice is None else read_id(remote.invoice)


def _is_of_us(installation: str | None) -> bool:
    # Objects of the first release claim none; their customer tells whose they are.
    return installation is None or installation == this_installation().identity
