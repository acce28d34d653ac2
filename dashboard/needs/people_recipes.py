"""How bills are repaired that wait for people: for an approval, or until they are released."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.needs.recipe import Recipe, Repair

_ISSUES = "up to 3: Stripe's own schedule, what changed, and the issue"
_BILLS = "the customer pays what the ledger says"
_CREDIT = "Credit the invoice, or void it."

PEOPLE_HOLDS: Mapping[str, Recipe] = {
    "approval_wanted": Recipe(
        "It is above the limit, and waits for a person's approval.",
        (
            Repair(
                "Approve it",
                "It is issued at exactly the total that is approved; another total asks again.",
                _ISSUES,
                _BILLS,
                reason="asked",
                audit=("invoice.approved", "invoice.released"),
                undo=_CREDIT,
                page="issue",
                button="Approve",
            ),
            Repair(
                "Raise the limit, then release it",
                "An admin sets another limit. The next try goes by that.",
                _ISSUES,
                _BILLS,
                reason="asked",
                audit=("closing_limit.set", "invoice.released"),
                undo="Set the limit that was.",
                page="limits",
                button="See limits",
            ),
        ),
    ),
    "held_by_person": Recipe(
        "A person holds it until it is released.",
        (
            Repair(
                "Release it",
                "It is issued like any other from then on. Ask who holds it first.",
                _ISSUES,
                _BILLS,
                reason="optional",
                audit=("invoice.issue_released", "invoice.released"),
                undo=_CREDIT,
                page="issue",
                button="See hold",
            ),
        ),
    ),
}
