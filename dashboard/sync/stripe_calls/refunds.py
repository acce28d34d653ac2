"""Calls about refunds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from dashboard.billing.corrections import keep_correction
from dashboard.billing.locks import read_held
from dashboard.billing.refunds import follow_refund, is_wanted
from dashboard.billing.telling import tell_corrected
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteCorrection
from dashboard.gateway.refund_records import RefundDraft
from dashboard.sync.effects import is_about
from dashboard.sync.lease import extend
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.work import Work


@dataclass(frozen=True, slots=True)
class MakeRefund(StripeCall[Work]):
    """Make a planned refund."""

    operation = "make_refund"
    draft: RefundDraft

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(RefundDraft(**body))

    def body(self) -> dict[str, Any]:
        return asdict(self.draft)

    @property
    def about(self) -> str:
        return self.draft.invoice_id

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.create_refund(self.draft, key=sending.key)

    def take_over(self, work: Work, reply: Reply) -> None:
        read_held(work.invoice)
        extend(work.lease, now=work.clock())
        if isinstance(reply, RemoteCorrection) and is_about(work, self.about):
            kept = keep_correction(work.invoice, reply)
            follow_refund(work.invoice, reply, now=work.clock())
            tell_corrected(work.invoice, kept, now=work.clock())

    def is_still_wanted(self, _work: Work) -> bool:
        return is_wanted(int(self.draft.refund))

    def read_back(self, work: Work) -> Self | None:
        """Look for our refund among the payment's: it has no other name than its metadata."""
        claim = (self.draft.installation, self.draft.refund)
        for found in work.gateway.refunds(self.draft.paid_by):
            if (found.installation, found.refund) == claim:
                self.take_over(work, found)
                return None
        # One that ended meanwhile is wanted no more, nor one that a bank asks back by now.
        return self if self.is_still_wanted(work) else None
