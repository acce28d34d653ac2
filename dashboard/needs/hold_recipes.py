"""How each reason to hold an invoice is repaired.

docs/repairs.md is the same as text. A reason that is not in here fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.needs.people_recipes import PEOPLE_HOLDS
from dashboard.needs.recipe import Recipe, Repair
from dashboard.needs.tax_recipes import (
    COMPARE,
    NO_CALL,
    SOME_CALLS,
    STAYS,
    TAX_HOLDS,
    VERIFY,
)

AT_STRIPE = "what is changed at Stripe"
_CHANGE_NEXT = "Reverse it while that invoice is not sealed; later, make the opposite entry."

CREDIT_ITEMS = Repair(
    "Credit it",
    "A credit note takes an amount off the issued invoice, by item.",
    "2: the note, and a reading of what is due; its preview 1",
    "what is due falls by the note; what was paid of it goes back",
    reason="asked",
    audit=("credit_note.planned", "credit_note.issued"),
    undo="Void the note while the invoice is open and nothing was given back.",
    page="credit_note",
    button="Credit…",
)
CHARGE_NEXT = Repair(
    "Charge or credit the current invoice",
    "A charge or credit on the invoice that is issued next.",
    "the next sync's",
    "the next bill grows or shrinks by the amount",
    reason="asked",
    audit=("adjustment.added",),
    undo=_CHANGE_NEXT,
    page="adjustment",
    button="Add charge or credit",
)
NOTE_DIFFERENCE = Repair(
    "Credit the difference",
    "Where Stripe billed too much: a credit note over that, on the issued invoice.",
    "2: the note, and a reading of what is due",
    "what is due falls by the difference; what was paid of it goes back",
    reason="optional",
    audit=("invoice.difference_credited", "credit_note.issued"),
    undo="Void the note while the invoice is open and nothing was given back: it is held again.",
    page="difference",
    button="Correct it…",
)
CARRY_DIFFERENCE = Repair(
    "Carry the difference to the next bill",
    "A credit on the current invoice where Stripe billed too much, a charge where it billed too "
    "little.",
    "the next sync's",
    "the next bill shrinks or grows by the difference",
    reason="optional",
    audit=("invoice.difference_carried", "adjustment.added"),
    undo="Reverse the charge or credit while the current invoice is not sealed: it is held again.",
    page="difference",
    button="Correct it…",
)
LEAVE_DIFFERENCE = Repair(
    "Leave the difference",
    "The bill stays as Stripe made it, and nothing makes up for it.",
    NO_CALL,
    "the customer pays what Stripe billed",
    reason="asked",
    audit=("invoice.difference_left",),
    undo="Credit the invoice, or charge the current one.",
    page="difference",
    button="Correct it…",
)
DIFFERENCE = (NOTE_DIFFERENCE, CARRY_DIFFERENCE, LEAVE_DIFFERENCE)
FIX_AT_STRIPE = Repair(
    "Fix the cause at Stripe, then verify",
    "The reason names what Stripe refused: fix that in Stripe's dashboard or in the "
    "organization's details, then verify the invoice.",
    "none until it is verified",
    STAYS,
    page="at_stripe",
    button="Compare with Stripe",
    undo="As the change at Stripe is undone there.",
)
DETAILS = Repair(
    "Correct the organization's details",
    "Name, address, e-mail, tax number or the way of paying are changed here and sent with the "
    "next sync.",
    "1 for the customer",
    "nothing",
    audit=("organization.changed",),
    undo="Change them back.",
    page="details",
    button="Edit details",
)
LOG = Repair(
    "Fix the cause, then sync",
    "The log names the sync and the error. Once the cause is fixed, sync it again.",
    SOME_CALLS,
    STAYS,
    audit=("invoice.sync_requested",),
    page="syncs",
    button="See the syncs",
    undo="None is needed: it makes Stripe's draft equal to the ledger.",
)
LINES = (
    Repair(
        "Take ours",
        "The line that was added at Stripe is removed there.",
        "1 for each line",
        "the customer pays what the ledger says",
        audit=("foreign_line.decided",),
        undo="Add the line again at Stripe, or charge it here.",
        page="lines",
        button="Decide",
    ),
    Repair(
        "Adopt the line",
        "It becomes a charge or credit of ours, while the invoice can still change.",
        "1",
        "the customer pays the line",
        reason="asked",
        audit=("foreign_line.decided", "adjustment.added"),
        undo="Reverse the charge or credit while the invoice is not sealed.",
        page="lines",
        button="Decide",
    ),
    Repair(
        "Leave the line",
        "It stays at Stripe, and the invoice is held until it goes.",
        NO_CALL,
        "nothing is billed meanwhile",
        reason="asked",
        audit=("foreign_line.decided",),
        undo="Decide again.",
        page="lines",
        button="Decide",
    ),
)

HOLDS: Mapping[str, Recipe] = {
    **TAX_HOLDS,
    **PEOPLE_HOLDS,
    "foreign_lines": Recipe("A person added lines to Stripe's draft.", LINES),
    "not_verified": Recipe(
        "Stripe's lines could not be proven equal to the ledger.", (VERIFY, COMPARE)
    ),
    "total_differs": Recipe(
        "The ledger and Stripe's draft come to different totals.", (VERIFY, COMPARE)
    ),
    "does_not_add_up": Recipe(
        "A check of the organization's money does not hold.",
        (
            Repair(
                "See what does not add up",
                "The check names the amounts and the places. Fix the cause; the next look lets "
                "the invoice go.",
                NO_CALL,
                "nothing is issued before",
                page="invariants",
                button="See check",
                audit=("invoice.released",),
                undo="None is needed: it only looks.",
            ),
        ),
    ),
    "billed_differently": Recipe("Stripe billed another amount than the ledger.", DIFFERENCE),
    "revised_differently": Recipe(
        "An edit at Stripe replaced the invoice by one with another amount.", DIFFERENCE
    ),
    "replaced_by_stranger": Recipe(
        "Stripe replaced the invoice by one of another customer.",
        (
            Repair(
                "Void the stranger at Stripe",
                "Compare the two at Stripe and void the one that is wrong. Where ours is void as "
                "well, decide on its amount here.",
                NO_CALL,
                AT_STRIPE,
                page="at_stripe",
                button="Compare with Stripe",
            ),
            CHARGE_NEXT,
        ),
    ),
    "status_went_back": Recipe(
        "A paid or final invoice is open again at Stripe.",
        (
            Repair(
                "Have it paid again at Stripe",
                "Look at Stripe whether a payment was taken off it, and have it paid or attach the "
                "payment again. The hold ends once Stripe says that it is paid.",
                NO_CALL,
                "what the payment was",
                page="at_stripe",
                button="Compare with Stripe",
            ),
            CREDIT_ITEMS,
        ),
    ),
    "stuck": Recipe(
        "It could not be closed on schedule.",
        (
            Repair(
                "Fix the cause",
                "The reason says what failed, a price that comes to more than can be charged, say. "
                "It is tried again every 15 minutes.",
                NO_CALL,
                "usage goes on counting; nothing is lost",
                page="services",
                button="See services",
                audit=("invoice.released",),
                undo="As the change that fixes it is undone.",
            ),
        ),
    ),
    "unexpected": Recipe("Its sync stopped again and again.", (LOG, VERIFY)),
    "finalization_failed": Recipe(
        "Stripe could not finalize it.", (DETAILS, FIX_AT_STRIPE, VERIFY)
    ),
    "money_back_of_several": Recipe(
        "Money of one payment for several invoices went back.",
        (
            Repair(
                "Credit the right invoice",
                "Only a person knows for which of the invoices it went back. Issue a credit note "
                "for that one at Stripe, or here where the refund is not part of it.",
                "2 for a note made here",
                "what is due of that invoice falls",
                reason="asked",
                audit=("credit_note.planned", "credit_note.issued"),
                undo="Void the note while the invoice is open and nothing was given back.",
                page="credit_note",
                button="Credit…",
            ),
        ),
    ),
    "lost_at_stripe": Recipe(
        "Stripe does not have an issued invoice now.",
        (
            Repair(
                "Check the key, then read it again",
                "Another account's key looks the same. Once Stripe shows the invoice, the repair "
                "of its gap reads it and lets it go.",
                "1",
                "nothing",
                audit=("gap.repair_asked", "invoice.released"),
                page="gaps",
                button="See gaps",
                undo="None is needed: it only reads.",
            ),
            CHARGE_NEXT,
        ),
    ),
    "stripe_refused": Recipe(
        "Stripe refused a call of its sync.", (FIX_AT_STRIPE, DETAILS, VERIFY)
    ),
    "stripe_invoice_not_editable": Recipe("Stripe's invoice is no longer a draft.", (VERIFY,)),
    "stripe_missing": Recipe("Something that the sync needs is gone at Stripe.", (VERIFY, COMPARE)),
    "stripe_not_ours": Recipe(
        "What Stripe answered belongs to another installation.", (COMPARE, VERIFY)
    ),
}


def recipe_of_hold(code: str | None) -> Recipe | None:
    """Return how an invoice is repaired that is held for a reason; None of another release's."""
    return None if code is None else HOLDS.get(code)
