"""The reissue of an invoice that a second person approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.approvals.basis import Basis, over
from dashboard.approvals.models import Proposal
from dashboard.billing.adjust import PROPOSED
from dashboard.billing.draft import current_invoice
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.reissue import plan_reissue, taking_in_the_end
from dashboard.errors import BillingError
from dashboard.organizations.models import Organization


class Reissuing:
    """An issued invoice that is taken back and billed again."""

    permission = "invoice.reissue"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that is taken back, and then the open ones."""
        invoice = lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)
        lock_open([organization.id], after=invoice.id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of how it is taken back, and where what is owed of it is billed."""
        invoice = invoice_by_sequence(organization, terms["sequence"])
        try:
            taking = taking_in_the_end(invoice, terms["paid_part"])
        except BillingError as why:
            return over(why.message.replace(" Nothing was changed.", ""))
        on = current_invoice(organization).sequence
        return {"cents": taking.cents, "way": taking.way, "invoice": on}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Plan it; its page, or the clock, has it carried out."""
        plan_reissue(
            invoice_by_sequence(organization, proposal.terms["sequence"]),
            seen_cents=proposal.amount_cents,
            reason=proposal.reason,
            key=f"{PROPOSED}{proposal.id}",
            actor=proposal.proposer,
            now=now,
            paid_part=proposal.terms["paid_part"],
        )
