"""Calls about subscriptions: they are read, and nothing of them is changed from here."""

from __future__ import annotations

from dashboard.gateway import parsing
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.records import RemoteInvoice
from dashboard.gateway.requests import path
from dashboard.gateway.subscription_parsing import parse_subscription
from dashboard.gateway.subscription_records import RemoteSubscription


class SubscriptionCalls(Calls):
    """What is asked of subscriptions."""

    def subscription(self, subscription_id: str) -> RemoteSubscription:
        """Read a subscription; one that was canceled can be read still."""
        found = self._call("GET subscription", path("subscriptions", subscription_id))
        return parse_subscription(found.data, as_of=found.as_of)

    def subscriptions_of(self, customer_id: str) -> list[RemoteSubscription]:
        """Read the subscriptions of a customer that did not end, the newest hundred."""
        query = {"customer": customer_id, "limit": PAGE}
        page = self._call("GET subscriptions", "/v1/subscriptions", query)
        return [parse_subscription(one, as_of=page.as_of) for one in page.data["data"]]

    def invoices_of_subscription(self, subscription_id: str) -> list[RemoteInvoice]:
        """Read the newest hundred invoices of a subscription."""
        query = {"subscription": subscription_id, "limit": PAGE}
        page = self._call("GET invoices", "/v1/invoices", query)
        return [parsing.parse_invoice(one, as_of=page.as_of) for one in page.data["data"]]
