"""Calls about refunds."""

from __future__ import annotations

from dashboard.gateway import requests
from dashboard.gateway.after_issue import parse_correction
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.records import RemoteCorrection
from dashboard.gateway.refund_records import RefundDraft


class RefundCalls(Calls):
    """What is asked of refunds."""

    def create_refund(self, draft: RefundDraft, *, key: str) -> RemoteCorrection:
        """Create a refund."""
        made = self._call("POST refunds", "/v1/refunds", requests.refund(draft), key=key)
        return parse_correction(made.data, as_of=made.as_of, told_by=made.request_id)

    def refunds(self, paid_by: str) -> list[RemoteCorrection]:
        """Read the refunds of a payment intent or a charge."""
        query = requests.refunded_payment(paid_by) | {"limit": PAGE}
        return [parse_correction(one) for one in self._pages("GET refunds", "/v1/refunds", query)]
