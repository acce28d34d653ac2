"""Stripe behind the gateway's protocol: the only module that imports the stripe library."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import stripe

from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.gateway import parsing, requests
from dashboard.gateway.after_issue import parse_correction, parse_payment
from dashboard.gateway.answers import Answer, answer_of
from dashboard.gateway.events import ReadsEvents
from dashboard.gateway.protocol import Limiter
from dashboard.gateway.reading import not_of_the_future, read_delivery, read_event
from dashboard.gateway.records import (
    CustomerDraft,
    InvoiceDraft,
    LineContent,
    RemoteCorrection,
    RemoteCustomer,
    RemoteEndpoints,
    RemoteEvent,
    RemoteInvoice,
    RemoteLine,
    RemotePayment,
    Unreadable,
)
from dashboard.gateway.requests import path
from dashboard.gateway.signature import verify
from dashboard.gateway.translate import translate
from dashboard.gateway.wire import NoAnswer, Wire

# Telemetry writes a file to the user's home and sends platform details; neither is ours to give.
stripe.enable_telemetry = False

PAGE = 100
TYPES_PER_LIST = 20


class _Client(stripe.HTTPClient):
    """The library's client, over our own wire."""

    name = "urllib3"

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def request(self, *what: Any, **_options: Any) -> tuple[Any, int, Mapping[str, str]]:
        try:
            return self._wire.send(*what)
        except NoAnswer as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]


class StripeGateway(ReadsEvents):
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
            http_client=_Client(Wire(api_base, timeout_seconds, stripe.ca_bundle_path)),
        )
        self._secrets = tuple(webhook_secrets)
        self._live = "_live_" in api_key
        self._limiter = limiter

    @classmethod
    def from_config(
        cls, config: Config, limiter: Limiter, *, most_seconds: float = math.inf
    ) -> Self:
        """Return the gateway that `config` describes, calling as `limiter` admits.

        A call takes `most_seconds` where the configuration allows it more.
        """
        return cls(
            config.stripe_api_key,
            api_base=config.stripe_api_base,
            timeout_seconds=min(config.stripe_timeout_seconds, most_seconds),
            webhook_secrets=config.webhook_secrets,
            limiter=limiter,
        )

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
        self, customer_id: str, name: str, email: str, *, key: str
    ) -> RemoteCustomer:
        """Set name and e-mail of a customer."""
        body = {"name": name, "email": email}
        reply = self._call("POST customer", path("customers", customer_id), body, key=key)
        return parsing.parse_customer(reply.data, reply.request_id)

    def customer(self, customer_id: str) -> RemoteCustomer:
        """Read a customer; Stripe answers for a deleted one with what is left of it."""
        found = self._call("GET customer", path("customers", customer_id))
        return parsing.parse_customer(found.data, found.request_id)

    def create_invoice(self, draft: InvoiceDraft, *, key: str) -> RemoteInvoice:
        """Create an empty draft."""
        made = self._call("POST invoices", "/v1/invoices", requests.invoice(draft), key=key)
        return parsing.parse_answer(made)

    def find_invoice(self, draft: InvoiceDraft) -> RemoteInvoice | None:
        """Return the draft at Stripe that was made from such a draft, if there is one."""
        query = {"customer": draft.customer_id, "status": "draft", "limit": PAGE}
        pages = self._pages("GET invoices", "/v1/invoices", query)
        wanted = (draft.installation, draft.invoice)
        found = (parsing.parse_invoice(one) for one in pages)
        return next((one for one in found if (one.installation, one.invoice) == wanted), None)

    def add_lines(
        self, invoice_id: str, lines: Sequence[LineContent], *, run: str, key: str
    ) -> RemoteInvoice:
        """Add lines."""
        body = requests.lines([requests.line(one) for one in lines], run=run)
        return self._change("add_lines", invoice_id, body, key=key)

    def update_lines(
        self, invoice_id: str, lines: Sequence[tuple[str, LineContent]], *, run: str, key: str
    ) -> RemoteInvoice:
        """Set lines, given by Stripe's line id, to the content beside it."""
        changed = [{"id": line_id, **requests.line(one)} for line_id, one in lines]
        body = requests.lines(changed, run=run)
        return self._change("update_lines", invoice_id, body, key=key)

    def remove_lines(
        self, invoice_id: str, line_ids: Sequence[str], *, run: str, key: str
    ) -> RemoteInvoice:
        """Delete lines for good: `unassign` would leave them for another invoice to sweep up."""
        gone = [{"id": line_id, "behavior": "delete"} for line_id in line_ids]
        body = requests.lines(gone, run=run)
        return self._change("remove_lines", invoice_id, body, key=key)

    def schedule_finalization(
        self, invoice_id: str, at: datetime | None, *, key: str
    ) -> RemoteInvoice:
        """Let Stripe finalize the draft by itself at `at`; None holds it."""
        return self._change("invoice", invoice_id, requests.schedule(at), key=key)

    def set_terms(
        self, invoice_id: str, collection_method: str, days_until_due: int | None, *, key: str
    ) -> RemoteInvoice:
        """Set how the draft is collected."""
        body = requests.terms(collection_method, days_until_due)
        return self._change("invoice", invoice_id, body, key=key)

    def finalize(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Finalize; with `auto_advance` Stripe collects, and no pay call races with it."""
        body = {"auto_advance": True, "expand": ["payments"]}
        return self._change("finalize", invoice_id, body, key=key)

    def delete_draft(self, invoice_id: str) -> None:
        """Delete a draft; deletion is idempotent by itself and takes no key."""
        self._call("DELETE invoice", path("invoices", invoice_id))

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read an invoice."""
        body = {"expand": ["payments", "amount_paid_off_stripe"]}
        return parsing.parse_answer(self._call("GET invoice", path("invoices", invoice_id), body))

    def payments_by(self, paid_by: str) -> list[RemotePayment]:
        """Read which invoices a payment intent paid; of a charge without one nobody tells."""
        if not paid_by.startswith("pi_"):
            return []
        intent = {"type": "payment_intent", "payment_intent": paid_by}
        query = {"payment": intent, "limit": PAGE}
        page = self._call("GET invoice_payments", "/v1/invoice_payments", query)
        return [parse_payment(one) for one in page.data["data"]]

    def dispute(self, dispute_id: str) -> RemoteCorrection:
        """Read a dispute."""
        found = self._call("GET dispute", path("disputes", dispute_id))
        return parse_correction(found.data, as_of=found.as_of, told_by=found.request_id)

    def lines(self, invoice_id: str) -> list[RemoteLine]:
        """Read every line, a hundred a call: the library's own paging would go by tens."""
        found = self._pages("GET lines", path("invoices", invoice_id, "lines"), {"limit": PAGE})
        return [parsing.parse_line(one) for one in found]

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

    def endpoints(self) -> RemoteEndpoints:
        """Read where events are delivered to: an account has sixteen at the most."""
        page = self._call("GET webhook_endpoints", "/v1/webhook_endpoints", {"limit": PAGE})
        found = tuple(parsing.parse_endpoint(one) for one in page.data["data"])
        return RemoteEndpoints(found, page.date)

    def events_since(
        self, since: datetime, types: Sequence[str], *, until: datetime | None = None
    ) -> Iterator[RemoteEvent | Unreadable]:
        """Yield events, newest first among twenty types: more do not fit one list."""
        created = {"gte": int(since.timestamp())}
        if until is not None:
            created["lte"] = math.ceil(until.timestamp())
        for start in range(0, len(types), TYPES_PER_LIST):
            query: dict[str, Any] = {
                "types": list(types[start : start + TYPES_PER_LIST]),
                "created": created,
                "limit": PAGE,
            }
            for one in self._pages("GET events", "/v1/events", query):
                yield read_event(one, live=self._live)

    def verify_event(self, raw: bytes, signature: str) -> RemoteEvent | Unreadable:
        """Return the event of a webhook; while a secret is rolled, either one will do."""
        now = utc_now()
        verify(raw, signature, self._secrets, now=now.timestamp())
        return not_of_the_future(read_delivery(raw, live=self._live), raw, now=now)

    def _change(
        self, what: str, invoice_id: str, body: requests.Body, *, key: str
    ) -> RemoteInvoice:
        """Change a part of an invoice, or what is "invoice" itself."""
        to = path("invoices", invoice_id, "" if what == "invoice" else what)
        return parsing.parse_answer(self._call(f"POST {what}", to, body, key=key))

    def _pages(self, endpoint: str, to: str, query: requests.Body) -> Iterator[Any]:
        """Yield every object of a list, a call for each page."""
        more = True
        while more:
            page = self._call(endpoint, to, query).data
            yield from page["data"]
            more = bool(page["has_more"]) and bool(page["data"])
            if more:
                query = {**query, "starting_after": page["data"][-1]["id"]}

    def _call(
        self, endpoint: str, to: str, body: requests.Body | None = None, *, key: str | None = None
    ) -> Answer:
        """Make one call when the limiter admits it; `endpoint` names what shares a limit.

        Raw, because the library's objects for a reply of ten lines cost more than all the rest of
        a call, and are only taken apart again.
        """
        method = endpoint.split()[0].lower()
        options = {} if key is None else {"idempotency_key": key}
        with self._limiter.admitted(endpoint):
            began = time.monotonic()
            try:
                reply = self._client.raw_request(method, to, **(body or {}), **options)
            except stripe.StripeError as error:
                raise translate(error) from error
            return answer_of(reply, seconds=time.monotonic() - began)
