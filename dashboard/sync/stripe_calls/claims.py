"""Calls about a draft that a subscription made: taking it, and giving it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from dashboard.billing.models import Invoice
from dashboard.billing.period import whole_second
from dashboard.billing.subscription import CLAIMED, CLAIMING, go_alone
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.missing import forget_draft
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.stripe_calls.drafts import OfInvoice
from dashboard.sync.stripe_calls.of_draft import AnsweredByDraft

# How far off the time must be at least by which Stripe is to issue a draft.
SPARE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ClaimDraft(OfInvoice):
    """Hold a draft of a subscription, so that Stripe does not issue it, and mark it as ours."""

    operation = "claim_draft"
    invoice: str
    installation: str

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.claim(self.invoice_id, self.invoice, self.installation, key=sending.key)

    def take_over(self, work: DraftWork, reply: Reply) -> None:
        if isinstance(reply, RemoteInvoice) and reply.status != "draft":
            # Stripe issued it meanwhile, with nothing of ours: whoever asked takes the mark off.
            extend(work.lease, now=work.clock())
            return
        AnsweredByDraft.take_over(self, work, reply)

    def keep(self, invoice: Invoice) -> None:
        if invoice.billed_with == CLAIMING:
            invoice.billed_with = CLAIMED

    def is_still_wanted(self, _work: DraftWork) -> bool:
        """Not unseen: Stripe may have issued the draft since, which can be marked all the same."""
        return False

    def read_back(self, work: DraftWork) -> None:
        """See whether it is marked; whoever goes on claims it where it is not."""
        found = work.gateway.invoice(self.invoice_id)
        mark = (self.installation, self.invoice)
        if found.status == "draft" and (found.installation, found.invoice) == mark:
            record_invoice(work, found)
            self.keep(work.invoice)


@dataclass(frozen=True, slots=True)
class GiveBack(OfInvoice):
    """Take our mark off an invoice of a subscription.

    By its `status` a draft is issued by Stripe at `at`, or stays held without it, and an open one
    is collected. `why` says why the bill goes alone; without it the bill has ended.
    """

    operation = "give_back_draft"
    at: datetime | None
    status: str = "draft"
    why: str = ""

    @classmethod
    def read(cls, body: Body) -> Self:
        at = body["at"]
        return cls(
            body["invoice_id"],
            None if at is None else datetime.fromisoformat(at),
            status=body["status"],
            why=body["why"],
        )

    def body(self) -> dict[str, Any]:
        return asdict(self) | {"at": None if self.at is None else self.at.isoformat()}

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        invoice_id, key = self.invoice_id, sending.key
        return gateway.give_back(invoice_id, self.at, status=self.status, key=key)

    def take_over(self, work: DraftWork, _reply: Reply) -> None:
        extend(work.lease, now=work.clock())
        let_go(work, self.invoice_id, self.why)

    def is_still_wanted(self, _work: DraftWork) -> bool:
        """Not unseen: the time may be over, and Stripe may have issued it since."""
        return False

    def read_back(self, work: DraftWork) -> StripeCall[DraftWork] | None:
        """See whether our mark is off; where it is not, it is taken off now, as things stand."""
        try:
            found = work.gateway.invoice(self.invoice_id)
        except Missing:
            found = None
        if found is not None and found.installation is not None:
            soonest = whole_second(work.clock()) + SPARE
            at = None if self.at is None else max(self.at, soonest)
            return replace(self, at=at, status=found.status)
        extend(work.lease, now=work.clock())
        let_go(work, self.invoice_id, self.why)
        return None


def let_go(work: DraftWork, stripe_id: str, why: str) -> None:
    """Forget an invoice that is its subscription's alone; the lease must be extended.

    With `why` the bill goes on one of its own.
    """
    if is_about(work, stripe_id):
        forget_draft(work.invoice)
        if why:
            go_alone(work.invoice, why, now=work.clock())
