"""Which acts on record belong to a timeline, of which kind they are, and which a customer may see.

An act that is named nowhere here is shown to staff among people's: nothing on record is lost
because a later part forgot to name it.
"""

from __future__ import annotations

from typing import NamedTuple


class Act(NamedTuple):
    """What a timeline knows of a kind of act; `is_public`: a customer may see it."""

    kind: str
    is_public: bool = False


MONEY, BILL, SERVICES, PEOPLE = "money", "bill", "services", "people"
OTHERS = Act(PEOPLE)
ACTS = {
    "adjustment.added": Act(MONEY, is_public=True),
    "adjustment.reversed": Act(MONEY, is_public=True),
    "budget.removed": Act(MONEY, is_public=True),
    "budget.set": Act(MONEY, is_public=True),
    "credit_note.issued": Act(MONEY, is_public=True),
    "credit_note.planned": Act(MONEY),
    "credit_note.refused": Act(MONEY),
    "credit_note.told": Act(MONEY, is_public=True),
    "credit_note.void_asked": Act(MONEY),
    "credit_note.void_refused": Act(MONEY),
    "credit_note.voided": Act(MONEY, is_public=True),
    "dispute.settled": Act(MONEY),
    "dispute.told": Act(MONEY, is_public=True),
    "foreign_line.decided": Act(MONEY),
    "proposal.approved": Act(MONEY),
    "proposal.expired": Act(MONEY),
    "proposal.moot": Act(MONEY),
    "proposal.made": Act(MONEY),
    "proposal.refused": Act(MONEY),
    "proposal.withdrawn": Act(MONEY),
    "refund.made": Act(MONEY, is_public=True),
    "refund.planned": Act(MONEY),
    "refund.refused": Act(MONEY),
    "refund.settled": Act(MONEY),
    "refund.told": Act(MONEY, is_public=True),
    "invitation.accepted": Act(PEOPLE, is_public=True),
    "invitation.created": Act(PEOPLE, is_public=True),
    "invitation.withdrawn": Act(PEOPLE, is_public=True),
    "invoice.approved": Act(BILL),
    "invoice.closed": Act(BILL, is_public=True),
    "invoice.deleted_at_stripe": Act(BILL),
    "invoice.difference_carried": Act(MONEY),
    "invoice.difference_credited": Act(MONEY),
    "invoice.difference_left": Act(MONEY),
    "invoice.credits_carried": Act(BILL, is_public=True),
    "invoice.finalized_at_stripe": Act(BILL),
    "invoice.claimed": Act(BILL),
    "invoice.goes_alone": Act(BILL),
    "invoice.held": Act(BILL),
    "invoice.issue_held": Act(BILL),
    "invoice.issue_released": Act(BILL),
    "invoice.released": Act(BILL),
    "invoice.replaced_at_stripe": Act(BILL),
    "invoice.rolled": Act(BILL, is_public=True),
    "invoice.schedule_restored": Act(BILL),
    "invoice.sealed": Act(BILL, is_public=True),
    "invoice.stray_removed": Act(BILL),
    "invoice.void_billed": Act(MONEY),
    "invoice.void_held": Act(MONEY),
    "invoice.void_held_otherwise": Act(MONEY),
    "invoice.void_written_off": Act(MONEY),
    "membership.changed": Act(PEOPLE, is_public=True),
    "membership.created": Act(PEOPLE, is_public=True),
    "membership.ended": Act(PEOPLE, is_public=True),
    "organization.created": Act(PEOPLE, is_public=True),
    "organization.cycle_changed": Act(BILL, is_public=True),
    "invoice.tax_waived": Act(BILL, is_public=True),
    "organization.tax_switched_off": Act(BILL, is_public=True),
    "organization.tax_switched_on": Act(BILL, is_public=True),
    "organization.linked": Act(BILL),
    "organization.unlinked": Act(BILL),
    "reissue.done": Act(MONEY, is_public=True),
    "reissue.planned": Act(MONEY),
    "reissue.refused": Act(MONEY),
    "service.attached": Act(SERVICES, is_public=True),
    "service.changed": Act(SERVICES, is_public=True),
    "service.detached": Act(SERVICES, is_public=True),
    "sync.given_up": Act("syncs"),
    "usage.canceled": Act("usage", is_public=True),
    "usage.taken_off": Act("usage", is_public=True),
}
# A source of their own tells these better.
TOLD_ELSEWHERE = frozenset(
    {
        "invoice.open", "invoice.paid", "invoice.stuck", "invoice.sync_requested",
        "invoice.uncollectible", "invoice.void", "note.added",
    }
)  # fmt: skip


def act_of(action: str) -> Act:
    """Return what is known of an act on record."""
    return ACTS.get(action, OTHERS)


def actions_of(kind: str | None, *, for_staff: bool) -> tuple[frozenset[str], bool]:
    """Return the actions of a kind that the reader may see; with True, those that are left out.

    Staff see what is not named here as well, so for them it is easier to say what they do not want.
    """
    if not for_staff:
        shown = {name for name, act in ACTS.items() if act.is_public and kind in (None, act.kind)}
        return frozenset(shown), False
    if kind is None:
        return TOLD_ELSEWHERE, True
    if kind == OTHERS.kind:
        others = {name for name, act in ACTS.items() if act.kind != kind}
        return TOLD_ELSEWHERE | others, True
    return frozenset(name for name, act in ACTS.items() if act.kind == kind), False
