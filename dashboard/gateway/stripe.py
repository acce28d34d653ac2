"""Stripe behind the gateway's protocol: the only module that imports the stripe library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Self

import stripe

from dashboard.config import Config
from dashboard.gateway import parsing, requests
from dashboard.gateway.errors import BadSignature, NotAnEvent
from dashboard.gateway.protocol import Limiter
from dashboard.gateway.records import (
    CustomerDraft,
    InvoiceDraft,
    LineContent,
    RemoteCustomer,
    RemoteEvent,
    RemoteInvoice,
    RemoteLine,
)
from dashboard.gateway.translate import translate

# Telemetry writes a file to the user's home and sends platform details; neither is ours to give.
stripe.enable_telemetry = False

PAGE = 100
SIGNATURE_TOLERANCE_SECONDS = 300


class StripeGateway:
    """`Gateway` over stripe-python. It never retries by itself: one policy decides that, above."""

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str,
        timeout_seconds: float,
        webhook_secrets: Sequence[str],
        limiter: Limiter,
    ) -> None:
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout_seconds),
        )
        self._secrets = tuple(webhook_secrets)
        self._limiter = limiter

    @classmethod
    def from_config(cls, config: Config, limiter: Limiter) -> Self:
        """Return the gateway that `config` describes, calling as `limiter` admits."""
        return cls(
            config.stripe_api_key,
            api_base=config.stripe_api_base,
            timeout_seconds=config.stripe_timeout_seconds,
            webhook_secrets=config.webhook_secrets,
            limiter=limiter,
        )

    def create_customer(self, draft: CustomerDraft, *, key: str) -> RemoteCustomer:
        """Create the customer of an organization."""
        create = self._client.v1.customers.create
        reply = self._call(
            "POST customers", create, requests.customer(draft), {"idempotency_key": key}
        )
        return parsing.parse_customer(*_data(reply))

    def find_customer(self, draft: CustomerDraft) -> RemoteCustomer | None:
        """Return the customer that carries the organization's metadata, if there is one."""
        query = {"email": draft.email.lower(), "limit": PAGE}
        page = self._call("GET customers", self._client.v1.customers.list, query)
        found = (parsing.parse_customer(one.to_dict()) for one in page.data)
        return next((one for one in found if one.organization == draft.organization), None)

    def create_invoice(self, draft: InvoiceDraft, *, key: str) -> RemoteInvoice:
        """Create an empty draft."""
        create = self._client.v1.invoices.create
        return self._invoice("POST invoices", create, requests.invoice(draft), key=key)

    def find_invoice(self, customer_id: str, invoice: str) -> RemoteInvoice | None:
        """Return the draft of `customer_id` that carries our invoice's metadata, if any."""
        query = {"customer": customer_id, "status": "draft", "limit": PAGE}
        page = self._call("GET invoices", self._client.v1.invoices.list, query)
        found = (parsing.parse_invoice(one.to_dict()) for one in page.data)
        return next((one for one in found if one.invoice == invoice), None)

    def add_lines(
        self, invoice_id: str, lines: Sequence[LineContent], *, run: str, key: str
    ) -> RemoteInvoice:
        """Add lines."""
        body = requests.lines([requests.line(one) for one in lines], run=run)
        add_lines = self._client.v1.invoices.add_lines
        return self._invoice("POST add_lines", add_lines, invoice_id, body, key=key)

    def update_lines(
        self, invoice_id: str, lines: Sequence[tuple[str, LineContent]], *, run: str, key: str
    ) -> RemoteInvoice:
        """Set lines, given by Stripe's line id, to the content beside it."""
        changed = [{"id": line_id, **requests.line(one)} for line_id, one in lines]
        body = requests.lines(changed, run=run)
        update_lines = self._client.v1.invoices.update_lines
        return self._invoice("POST update_lines", update_lines, invoice_id, body, key=key)

    def remove_lines(
        self, invoice_id: str, line_ids: Sequence[str], *, run: str, key: str
    ) -> RemoteInvoice:
        """Delete lines for good: `unassign` would leave them for another invoice to sweep up."""
        gone = [{"id": line_id, "behavior": "delete"} for line_id in line_ids]
        body = requests.lines(gone, run=run)
        remove_lines = self._client.v1.invoices.remove_lines
        return self._invoice("POST remove_lines", remove_lines, invoice_id, body, key=key)

    def schedule_finalization(
        self, invoice_id: str, at: datetime | None, *, key: str
    ) -> RemoteInvoice:
        """Let Stripe finalize the draft by itself at `at`; None holds it."""
        body = requests.schedule(at)
        update = self._client.v1.invoices.update
        return self._invoice("POST invoice", update, invoice_id, body, key=key)

    def finalize(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Finalize; with `auto_advance` Stripe collects, and no pay call races with it."""
        finalize = self._client.v1.invoices.finalize_invoice
        return self._invoice("POST finalize", finalize, invoice_id, {"auto_advance": True}, key=key)

    def delete_draft(self, invoice_id: str) -> None:
        """Delete a draft; deletion is idempotent by itself and takes no key."""
        self._call("DELETE invoice", self._client.v1.invoices.delete, invoice_id)

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read an invoice."""
        reply = self._call("GET invoice", self._client.v1.invoices.retrieve, invoice_id)
        return parsing.parse_invoice(*_data(reply))

    def lines(self, invoice_id: str) -> list[RemoteLine]:
        """Read every line, a hundred a call: the library's own paging would go by tens."""
        found: list[RemoteLine] = []
        more = True
        while more:
            cursor = {"starting_after": found[-1].id} if found else {}
            query = {"limit": PAGE, **cursor}
            listed = self._client.v1.invoices.line_items.list
            page = self._call("GET lines", listed, invoice_id, query)
            found += [parsing.parse_line(one.to_dict()) for one in page.data]
            more = bool(page.has_more) and bool(page.data)
        return found

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        """Return a short-lived address of Stripe's portal."""
        create = self._client.v1.billing_portal.sessions.create
        body = {"customer": customer_id, "return_url": return_url}
        session = self._call("POST portal_sessions", create, body)
        return str(session.url)

    def events_since(self, since: datetime, types: Sequence[str]) -> Iterator[RemoteEvent]:
        """Yield events, newest first; at most twenty types fit one call."""
        query: dict[str, Any] = {
            "types": list(types),
            "created": {"gte": int(since.timestamp())},
            "limit": PAGE,
        }
        more = True
        while more:
            page = self._call("GET events", self._client.v1.events.list, query)
            yield from (parsing.parse_event(_plain(one)) for one in page.data)
            more = bool(page.has_more) and bool(page.data)
            query["starting_after"] = page.data[-1].id if page.data else None

    def verify_event(self, raw: bytes, signature: str) -> RemoteEvent:
        """Return the event of a webhook; while a secret is rolled, either one will do."""
        for secret in self._secrets:
            try:
                stripe.WebhookSignature.verify_header(
                    raw, signature, secret, SIGNATURE_TOLERANCE_SECONDS
                )
            except stripe.SignatureVerificationError:
                continue
            return _event(raw)
        raise BadSignature(
            "The signature does not match. Nothing was stored. Check STRIPE_WEBHOOK_SECRET."
        )

    def invoice_of(self, event: RemoteEvent) -> RemoteInvoice:
        """Return the invoice an `invoice.*` event carries."""
        return parsing.parse_invoice(event.payload["data"]["object"])

    def _invoice(
        self, endpoint: str, method: Callable[..., Any], *arguments: Any, key: str
    ) -> RemoteInvoice:
        reply = self._call(endpoint, method, *arguments, {"idempotency_key": key})
        return parsing.parse_invoice(*_data(reply))

    def _call(self, endpoint: str, method: Callable[..., Any], *arguments: Any) -> Any:
        """Make one call when the limiter admits it; `endpoint` names what shares a limit."""
        with self._limiter.admitted(endpoint):
            try:
                reply = method(*arguments)
            except stripe.StripeError as error:
                raise translate(error) from error
        return reply


def _data(reply: Any) -> tuple[dict[str, Any], str | None]:
    """Return a reply as plain data, with Stripe's name for the request."""
    return reply.to_dict(), reply.last_response.request_id if reply.last_response else None


def _event(raw: bytes) -> RemoteEvent:
    """Return the snapshot event in a verified body."""
    try:
        return parsing.parse_event(json.loads(raw))
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEvent(
            "The body is signed but is no snapshot event. Nothing was stored. Set the endpoint at "
            "Stripe to snapshot payloads."
        ) from error


def _plain(event: Any) -> dict[str, Any]:
    """Return an event as JSON would have it: the library's decimals are not JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(event.to_dict(), default=str))
    return plain
