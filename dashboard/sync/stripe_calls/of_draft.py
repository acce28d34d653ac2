"""What the calls that only a draft's sync makes have in common."""

from __future__ import annotations

from dashboard.billing.models import Invoice
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.agreed import agrees
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.stripe_calls.base import AnsweredByInvoice


class AnsweredByDraft(AnsweredByInvoice[DraftWork]):
    """A call about a draft, whose reply is the draft."""

    needs_sync = True

    def agree(self, work: DraftWork, reply: RemoteInvoice) -> None:
        self.keep(work.invoice)
        # Of what is no draft any more nothing is left to be compared line by line.
        work.differs = reply.status == "draft" and not agrees(work.invoice, reply)

    def keep(self, invoice: Invoice) -> None:
        """Keep what Stripe confirmed and its reply does not tell."""
