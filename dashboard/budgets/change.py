"""Set a budget, change it, or take it away."""

from __future__ import annotations

from datetime import datetime

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_row
from dashboard.errors import Invalid, Stale
from dashboard.organizations.models import Organization

# As much as one charge may be.
MOST_CENTS = 10**12


def set_budget(
    organization: Organization,
    cents: int | None,
    *,
    now: datetime,
    actor: Actor,
    seen: str | None = None,
) -> None:
    """Let a cycle of the organization cost `cents` before people are told; None: no budget.

    The same again changes nothing. Another amount is another budget: what the present cycle has
    reached of it is told once more, of that amount. `seen` is the `fingerprint` of what the actor
    looked at. Raises Stale when that has moved, Invalid.
    """
    if cents is not None and not 0 < cents <= MOST_CENTS:
        raise Invalid(
            f"A budget must be 1 to {MOST_CENTS} minor units. Nothing was changed. Send another "
            "amount.",
            field="amount_cents",
        )
    lock_row(organization)
    before = organization.budget_cents
    if seen is not None and seen != fingerprint(organization):
        raise Stale(
            "The budget was changed by another person. Your change was not made. Check the "
            "budget, then change it if you still need to."
        )
    if cents == before:
        return
    organization.budget_cents = cents
    facts = {"cents": cents, "cents_before": before, "currency": organization.currency}
    if cents is None:
        write_entry("budget.removed", organization, actor, facts, now=now)
    else:
        write_entry("budget.set", organization, actor, facts, now=now)


def fingerprint(organization: Organization) -> str:
    """Return a name for what the budget is now."""
    return str(organization.budget_cents or "none")
