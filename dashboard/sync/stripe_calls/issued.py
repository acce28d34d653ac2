"""Calls about issued invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from dashboard.billing.locks import lock_open, read_held
from dashboard.billing.reissue import is_planned
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.effects import is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.work import Work


@dataclass(frozen=True, slots=True)
class VoidInvoice(StripeCall[Work]):
    """Void an issued invoice that is reissued; `reissue` is that one's number."""

    operation = "void_invoice"
    invoice_id: str
    reissue: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return {"invoice_id": self.invoice_id, "reissue": self.reissue}

    @property
    def about(self) -> str:
        return self.invoice_id

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.void_invoice(self.invoice_id, key=sending.key)

    def take_over(self, work: Work, reply: Reply) -> None:
        # Invoices in their order, before the lease: what it held is billed on a later one.
        read_held(work.invoice)
        lock_open({work.invoice.organization_id}, after=work.invoice.id)
        extend(work.lease, now=work.clock())
        if isinstance(reply, RemoteInvoice) and is_about(work, self.about):
            record_invoice(work, reply)

    def read_back(self, work: Work) -> Self | None:
        """Look whether it is void: whoever voided it, it is billed again then."""
        found = work.gateway.invoice(self.invoice_id)
        if found.status in ("open", "uncollectible"):
            # One that ended meanwhile is wanted no more.
            return self if is_planned(int(self.reissue)) else None
        self.take_over(work, found)
        return None
