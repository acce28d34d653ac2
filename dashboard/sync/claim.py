"""Taking a draft that a subscription made, and giving it back where nothing of ours is billed."""

from __future__ import annotations

from datetime import timedelta

from dashboard.billing.period import whole_second
from dashboard.billing.subscription import CLAIMING
from dashboard.installation import this_installation
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.stripe_calls.claims import ClaimDraft, GiveBack

# As long as Stripe leaves a draft to be changed.
ITS_HOUR = timedelta(hours=1)


def claim_draft(work: DraftWork) -> None:
    """Hold the draft and mark it as ours, where Stripe was not told yet; raises `GatewayError`.

    Before anything else: an hour after the draft was made Stripe issues it with or without us.
    """
    invoice = work.invoice
    if invoice.billed_with == CLAIMING and invoice.stripe_invoice_id is not None:
        installation = this_installation().identity
        perform(work, ClaimDraft(invoice.stripe_invoice_id, str(invoice.id), installation))


def give_back(work: DraftWork) -> None:
    """Leave a draft to its subscription: Stripe issues it without us."""
    at = whole_second(work.clock()) + ITS_HOUR
    perform(work, GiveBack(str(work.invoice.stripe_invoice_id), at))
