"""What is different now from what a proposal was based on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dashboard.approvals.basis import Basis, is_over
from dashboard.approvals.models import Proposal
from dashboard.pricing.exact import major_text


def stands(proposal: Proposal, basis: Basis) -> bool:
    """Whether exactly the amount that was proposed can still be approved."""
    return not is_over(basis) and basis.get("cents", proposal.amount_cents) == proposal.amount_cents


def changes(proposal: Proposal, basis: Basis) -> list[str]:
    """Return what has changed since it was proposed; nothing where all is as it was."""
    return [] if basis == proposal.basis else list(_told(proposal, basis))


def _told(proposal: Proposal, now: Basis) -> Iterator[str]:
    then, currency = proposal.basis, proposal.currency
    if is_over(now):
        yield now["why"]
        return
    if now.get("cents") != then.get("cents"):
        amounts = [major_text(Decimal(one["cents"]), currency) for one in (now, then)]
        yield "The amount is now {}; {} was proposed.".format(*amounts)
    if now.get("left") != then.get("left"):
        amounts = [major_text(Decimal(one["left"]), currency) for one in (now, then)]
        yield "{} of the payment can be refunded now, not {}.".format(*amounts)
    if now.get("way") != then.get("way"):
        yield "Something was paid since, so a credit note takes it back."
    if now.get("decision") != then.get("decision"):
        yield "A decision to leave the line at Stripe was recorded."
    if now.get("invoice") != then.get("invoice"):
        yield f"It now goes on invoice {now['invoice']}, not on invoice {then['invoice']}."
    elif "others" in now and now["others"] != then["others"]:
        more = now["others"] - then["others"]
        sum_of = major_text(Decimal(now["others_cents"] - then["others_cents"]), currency)
        what = "another charge or credit was" if more == 1 else f"{more} charges and credits were"
        yield f"Since then {what} added to the invoice: {sum_of} in total."
