"""Calls about a draft and its lines, until it is issued or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dashboard.gateway import parsing, requests
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.records import DraftTerms, InvoiceDraft, LineContent, RemoteInvoice
from dashboard.gateway.requests import path


class DraftCalls(Calls):
    """What is asked of drafts."""

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

    def claim(self, invoice_id: str, invoice: str, installation: str, *, key: str) -> RemoteInvoice:
        """Hold a draft that a subscription made, and mark it as an invoice of ours."""
        body = requests.claim(invoice, installation)
        return self._change("invoice", invoice_id, body, key=key)

    def give_back(
        self, invoice_id: str, at: datetime | None, *, status: str, key: str
    ) -> RemoteInvoice:
        """Let an invoice that a subscription made be no invoice of ours.

        By its `status` Stripe finalizes a draft at `at`, or not without it, or collects an open one
        again.
        """
        body = requests.give_back(at, status=status)
        return self._change("invoice", invoice_id, body, key=key)

    def set_terms(self, invoice_id: str, wanted: DraftTerms, *, key: str) -> RemoteInvoice:
        """Set how the draft is collected, and what it says of its days."""
        body = requests.terms(wanted.collection_method, wanted.days_until_due)
        if wanted.description is not None:
            body["description"] = wanted.description
        return self._change("invoice", invoice_id, body, key=key)

    def set_automatic_tax(self, invoice_id: str, *, is_on: bool, key: str) -> RemoteInvoice:
        """Have Stripe work tax out for the draft, or not."""
        body = requests.automatic_tax(is_on=is_on)
        return self._change("invoice", invoice_id, body, key=key)

    def finalize(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Finalize; with `auto_advance` Stripe collects, and no pay call races with it."""
        body = {"auto_advance": True, "expand": ["payments"]}
        return self._change("finalize", invoice_id, body, key=key)

    def delete_draft(self, invoice_id: str) -> None:
        """Delete a draft; deletion is idempotent by itself and takes no key."""
        self._call("DELETE invoice", path("invoices", invoice_id))

    def _change(
        self, what: str, invoice_id: str, body: requests.Body, *, key: str
    ) -> RemoteInvoice:
        """Change a part of an invoice, or what is "invoice" itself."""
        to = path("invoices", invoice_id, "" if what == "invoice" else what)
        return parsing.parse_answer(self._call(f"POST {what}", to, body, key=key))
