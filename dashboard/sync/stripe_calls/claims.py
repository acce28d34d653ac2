"""Calls about a draft that a subscription made: taking it, and giving it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import CLAIMED, CLAIMING
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.missing import forget_draft
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.stripe_calls.of_draft import AnsweredByDraft


@dataclass(frozen=True, slots=True)
class ClaimDraft(AnsweredByDraft):
    """Hold a draft of a subscription, so that Stripe does not issue it, and mark it as ours."""

    operation = "claim_draft"
    invoice_id: str
    invoice: str
    installation: str

    @property
    def about(self) -> str:
        return self.invoice_id

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return asdict(self)

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.claim(self.invoice_id, self.invoice, self.installation, key=sending.key)

    def keep(self, invoice: Invoice) -> None:
        if invoice.billed_with == CLAIMING:
            invoice.billed_with = CLAIMED

    def read_back(self, work: DraftWork) -> StripeCall[DraftWork] | None:
        """See whether it is marked; where it is not, it is held and marked now."""
        found = work.gateway.invoice(self.invoice_id)
        record_invoice(work, found)
        if found.status != "draft":
            return None
        if (found.installation, found.invoice) != (self.installation, self.invoice):
            return self
        self.keep(work.invoice)
        return None


@dataclass(frozen=True, slots=True)
class GiveBack(AnsweredByDraft):
    """Take our mark off a draft of a subscription, and let Stripe issue it at `at`."""

    operation = "give_back_draft"
    invoice_id: str
    at: datetime

    @property
    def about(self) -> str:
        return self.invoice_id

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(body["invoice_id"], datetime.fromisoformat(body["at"]))

    def body(self) -> dict[str, Any]:
        return {"invoice_id": self.invoice_id, "at": self.at.isoformat()}

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.give_back(self.invoice_id, self.at, key=sending.key)

    def take_over(self, work: DraftWork, _reply: Reply) -> None:
        extend(work.lease, now=work.clock())
        if is_about(work, self.invoice_id):
            forget_draft(work.invoice)

    def read_back(self, work: DraftWork) -> StripeCall[DraftWork] | None:
        """See whether our mark is off; where it is not, it is taken off now."""
        try:
            found = work.gateway.invoice(self.invoice_id)
        except Missing:
            found = None
        if found is not None and found.status == "draft" and found.installation is not None:
            return self
        extend(work.lease, now=work.clock())
        if is_about(work, self.invoice_id):
            forget_draft(work.invoice)
        return None
