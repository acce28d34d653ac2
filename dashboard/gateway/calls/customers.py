"""Calls about customers, what waits in their pools, and their way to pay."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.gateway import parsing, requests
from dashboard.gateway.balance_parsing import parse_balance_move
from dashboard.gateway.balance_records import RemoteBalance
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.customer_records import CustomerDraft, RemoteCustomer
from dashboard.gateway.records import RemoteLine
from dashboard.gateway.requests import path
from dashboard.gateway.taxes import automatic_tax_of


class CustomerCalls(Calls):
    """What is asked of customers."""

    def create_customer(self, draft: CustomerDraft, *, key: str) -> RemoteCustomer:
        """Create the customer of an organization."""
        reply = self._call("POST customers", "/v1/customers", requests.customer(draft), key=key)
        return parsing.parse_customer(reply.data, reply.request_id)

    def find_customer(self, draft: CustomerDraft) -> RemoteCustomer | None:
        """Return the customer that was made from such a draft, if there is one."""
        query = {"email": draft.email.lower(), "limit": PAGE}
        pages = self._pages("GET customers", "/v1/customers", query)
        wanted = (draft.installation, draft.organization)
        found = (parsing.parse_customer(one) for one in pages)
        return next((one for one in found if (one.installation, one.organization) == wanted), None)

    def update_customer(
        self,
        customer_id: str,
        name: str,
        email: str,
        *,
        key: str,
        address: Mapping[str, str] | None = None,
        tax_exempt: str | None = None,
    ) -> RemoteCustomer:
        """Set name and e-mail of a customer, and what else is given."""
        body = requests.customer_details(name, email, address, tax_exempt)
        reply = self._call("POST customer", path("customers", customer_id), body, key=key)
        return parsing.parse_customer(reply.data, reply.request_id)

    def balance_moves(self, customer_id: str) -> RemoteBalance:
        """Read the newest page of what moved a customer's balance."""
        to = path("customers", customer_id, "balance_transactions")
        page = self._call("GET balance_transactions", to, {"limit": PAGE}).data
        return RemoteBalance([parse_balance_move(one) for one in page["data"]], page["has_more"])

    def customer(self, customer_id: str) -> RemoteCustomer:
        """Read a customer; Stripe answers for a deleted one with what is left of it."""
        found = self._call("GET customer", path("customers", customer_id))
        return parsing.parse_customer(found.data, found.request_id)

    def tax_location(self, customer_id: str) -> str:
        """Return what Stripe says of where a customer is taxed, in its own word."""
        to = path("customers", customer_id)
        found = self._call("GET customer", to, {"expand": ["tax"]}).data
        return automatic_tax_of(found)

    def pending_items(self, customer_id: str) -> list[RemoteLine]:
        """Read the customer's items that are on no invoice."""
        query = {"customer": customer_id, "pending": True, "limit": PAGE}
        pages = self._pages("GET invoiceitems", "/v1/invoiceitems", query)
        return [parsing.parse_line(one) for one in pages]

    def delete_item(self, item_id: str) -> None:
        """Delete an item, wherever it is."""
        self._call("DELETE invoiceitem", path("invoiceitems", item_id))

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        """Return a short-lived address of Stripe's portal."""
        body = {"customer": customer_id, "return_url": return_url}
        reply = self._call("POST portal_sessions", "/v1/billing_portal/sessions", body)
        return str(reply.data["url"])
