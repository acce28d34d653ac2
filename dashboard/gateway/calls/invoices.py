"""Calls about an invoice whatever became of it, and what follows it."""

from __future__ import annotations

from dashboard.gateway import parsing
from dashboard.gateway.after_issue import parse_correction, parse_payment
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.records import RemoteCorrection, RemoteInvoice, RemoteLine, RemotePayment
from dashboard.gateway.requests import path


class InvoiceCalls(Calls):
    """What is asked of invoices."""

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read an invoice."""
        body = {"expand": ["payments", "amount_paid_off_stripe"]}
        return parsing.parse_answer(self._call("GET invoice", path("invoices", invoice_id), body))

    def void_invoice(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Void an issued invoice; it takes no parameters."""
        to = path("invoices", invoice_id, "void")
        return parsing.parse_answer(self._call("POST void", to, {}, key=key))

    def lines(self, invoice_id: str) -> list[RemoteLine]:
        """Read every line, a hundred a call: the library's own paging would go by tens."""
        found = self._pages("GET lines", path("invoices", invoice_id, "lines"), {"limit": PAGE})
        return [parsing.parse_line(one) for one in found]

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
