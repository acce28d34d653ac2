"""What a batch of events locked and read ahead, so that none of its handlers asks by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.identity import claims_to_be_ours
from dashboard.billing.models import Invoice
from dashboard.gateway.records import RemoteInvoice
from dashboard.installation import Installation
from dashboard.organizations.models import Organization


class Aside(Exception):
    """The event needs more than its batch holds: it is processed by itself."""


@dataclass(frozen=True, slots=True)
class Held:
    """Rows by Stripe's name for them: invoices and organizations are locked, all as they are now.

    `installation` is kept so that it need not be read again to tell ours from a stranger's.
    """

    installation: Installation
    organizations: Mapping[str, Organization]
    invoices: Mapping[str, Invoice]
    payments: dict[str, InvoicePayment]
    keys: Collection[str]

    def invoice(self, remote: RemoteInvoice) -> Invoice | None:
        """Return our invoice for Stripe's; None for a stranger's.

        Raises `Aside` for one that may be ours by what it claims: that has to be looked up.
        """
        found = self.called(remote.id)
        if found is None and claims_to_be_ours(remote):
            raise Aside(f"{remote.id} is known by its claim alone, if at all")
        return found

    def called(self, stripe_invoice_id: str) -> Invoice | None:
        """Return our invoice that Stripe calls so."""
        found = self.invoices.get(stripe_invoice_id)
        if found is not None and found.stripe_invoice_id != stripe_invoice_id:
            raise Aside(f"{stripe_invoice_id} is another invoice since an event of this batch")
        return found

    def organization(self, customer_id: str) -> Organization | None:
        """Return the organization behind a Stripe customer."""
        found = self.organizations.get(customer_id)
        if found is not None and found.stripe_customer_id != customer_id:
            raise Aside(f"{customer_id} is another customer since an event of this batch")
        return found
