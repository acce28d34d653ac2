"""What a proposal is called."""

from __future__ import annotations

from dashboard.approvals.models import Proposal
from dashboard.views.formatting import money

# The amount stands in them where it is not told beside.
TITLES = {
    "adjustment": ("Charge{of}", "Credit{of}"),
    "adopt": ("Charge{of} adopted from Stripe", "Credit{of} adopted from Stripe"),
    "credit_note": ("Credit note{of}", "Credit note{of}"),
    "difference": ("Correction of a bill{of}", "Correction of a bill{of}"),
    "note_void": ("Void of a credit note{of}", "Void of a credit note{of}"),
    "refund": ("Refund{of}", "Refund{of}"),
    "reissue": ("Reissue of an invoice{of}", "Reissue of an invoice{of}"),
    "reversal": ("Reversal of a credit{of}", "Reversal of a charge{of}"),
}
VOID = {"bill": "Void invoice{of} billed again", "write_off": "Void invoice{of} written off"}


def title_of(proposal: Proposal, *, with_amount: bool = False) -> str:
    """Return what is proposed."""
    charge, credit = TITLES.get(proposal.kind) or (VOID[proposal.terms["decision"]],) * 2
    of = f" of {money(abs(proposal.amount_cents), proposal.currency)}" if with_amount else ""
    return (credit if proposal.amount_cents < 0 else charge).format(of=of)
