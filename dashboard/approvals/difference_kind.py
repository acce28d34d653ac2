"""The correction of a bill that Stripe made differently, which a second person approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.approvals.basis import Basis, over
from dashboard.approvals.models import Proposal
from dashboard.billing.adjust import PROPOSED
from dashboard.billing.difference import difference_of
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.draft import current_invoice
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.overview import invoice_by_sequence
from dashboard.extensions import db
from dashboard.organizations.models import Organization


class Correcting:
    """What Stripe billed too much or too little: credited, carried to the next bill, or left."""

    permission = "difference.decide"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the issued invoice, and then the open ones."""
        invoice = lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)
        lock_open([organization.id], after=invoice.id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of what is left to decide on, and of the invoice on which it would be carried."""
        invoice = invoice_by_sequence(organization, terms["sequence"])
        db.session.refresh(invoice)
        left = difference_of(invoice).cents
        if not left:
            return over("Nothing of the difference is left to decide on.")
        on = current_invoice(organization).sequence if terms["decision"] == "carry" else None
        return {"cents": -left, "invoice": on}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Decide so, on the amount that was proposed and approved."""
        terms = proposal.terms
        decide_difference(
            invoice_by_sequence(organization, terms["sequence"]),
            terms["decision"],
            seen_cents=terms["cents"],
            reason=proposal.reason,
            key=f"{PROPOSED}{proposal.id}",
            actor=proposal.proposer,
            now=now,
            paid_part=terms["paid_part"],
        )
