"""A refund outside a credit note that a second person approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.approvals.basis import Basis, over
from dashboard.approvals.models import Proposal
from dashboard.billing.adjust import PROPOSED
from dashboard.billing.locks import lock_invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.refund_room import NotRefundable, refund_room_of
from dashboard.billing.refunds import WantedRefund, plan_refund
from dashboard.organizations.models import Organization


class Refunding:
    """Money of a payment that goes back, while the bill stays."""

    permission = "refund.create"
    is_on_current = False

    def hold(self, organization: Organization, terms: dict[str, Any]) -> None:
        """Lock the invoice that was paid."""
        lock_invoice(invoice_by_sequence(organization, terms["sequence"]).id)

    def basis(self, organization: Organization, terms: dict[str, Any]) -> Basis:
        """Of what is left of the payment: another refund since is seen before this one is made."""
        try:
            room = refund_room_of(invoice_by_sequence(organization, terms["sequence"]))
        except NotRefundable as why:
            return over(why.message.replace(" Nothing was changed.", ""))
        left = room.left_of(terms["payment"])
        payment = next((one for one in room.payments if one.id == terms["payment"]), None)
        if left < terms["cents"]:
            why_not = "" if payment is None else payment.why_not
            return over(why_not or "Less than that is left of the payment.")
        return {"left": left}

    def carry_out(self, proposal: Proposal, organization: Organization, *, now: datetime) -> None:
        """Plan it; its page, or the clock, has it made."""
        plan_refund(
            invoice_by_sequence(organization, proposal.terms["sequence"]),
            wanted_of(proposal),
            key=f"{PROPOSED}{proposal.id}",
            actor=proposal.proposer,
            now=now,
        )


def wanted_of(proposal: Proposal) -> WantedRefund:
    """Return the refund that was proposed."""
    terms = proposal.terms
    return WantedRefund(terms["payment"], -proposal.amount_cents, terms["purpose"], proposal.reason)
