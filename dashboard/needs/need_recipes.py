"""How every other kind of thing that needs a person is repaired; of a hold its reason says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.needs.hold_recipes import (
    CHARGE_NEXT,
    CREDIT_ITEMS,
    LINES,
    LOG,
    recipe_of_hold,
)
from dashboard.needs.recipe import Recipe, Repair
from dashboard.needs.tax_recipes import NO_CALL, REISSUE, SEE_TAX, VERIFY

_LINK = Repair(
    "Send the customer the payment page",
    "Its page has the link to Stripe's page of the invoice, on which it is paid with any card.",
    NO_CALL,
    "the customer pays what is due",
    page="invoice",
    button="See invoice",
)
_AGAIN = Repair(
    "Begin again",
    "The invoice's page says what Stripe refused and what is due by now. Do it again from there.",
    "as the first time",
    "as the preview says",
    reason="asked",
    page="invoice",
    button="See invoice",
    audit=("credit_note.planned", "reissue.planned"),
)
_REFUND = Repair(
    "Refund it again",
    "What is left of each payment is shown, and where the money goes. A refund takes nothing off "
    "the bill.",
    "1, and a read for its preview",
    "the customer gets the amount back",
    reason="asked",
    audit=("refund.planned", "refund.made"),
    page="refund",
    button="Refund…",
)
_SETTLE_REFUND = Repair(
    "Settle it otherwise",
    "Return the money by other means, and say on the invoice how that was done.",
    NO_CALL,
    "what is returned outside of Stripe",
    reason="asked",
    audit=("refund.settled",),
    page="invoice",
    button="See invoice",
)
_SETTLE_DISPUTE = Repair(
    "Settle it",
    "Have the customer pay by other means, or leave it, and say so on the invoice. Stripe no "
    "longer asks for the amount.",
    NO_CALL,
    "nothing, as it only says so",
    reason="asked",
    audit=("dispute.settled",),
    page="invoice",
    button="See invoice",
)
_RELEASE = Repair(
    "Release the ledger",
    "Have senders repeat their usage, put right what is apart, and let closings and calls to "
    "Stripe go on.",
    "1 for each difference that is put right here; then every draft is compared",
    "what the ledger says, once",
    reason="optional",
    audit=("ledger.released",),
    page="restores",
    button="See restore",
)
_READ = Repair(
    "Close the gap",
    "Fetch the event, read the invoice, or have the draft or customer made again, as its kind "
    "says. A second draft or customer is deleted at Stripe by a person.",
    "1, or what the sync costs",
    "nothing beyond what the ledger says",
    audit=("gap.repair_asked",),
    page="gaps",
    button="See gaps",
    undo="None is needed: it takes over what is so.",
)
_JOBS = Repair(
    "See what stands still",
    "The page names the entry and its last error. Run it, or fix the cause.",
    NO_CALL,
    "nothing until then",
    page="jobs",
    button="See jobs",
)

NEEDS: Mapping[str, Recipe] = {
    "past_due": Recipe("It was to be paid by now.", (_LINK, CREDIT_ITEMS)),
    "declined": Recipe("The bank declined the payment.", (_LINK, CREDIT_ITEMS)),
    "disputed": Recipe(
        "A bank asks the payment back.",
        (
            Repair(
                "Answer at Stripe",
                "Stripe's dashboard takes the answer and the proof until its day. A dispute that "
                "is lost takes the payment back.",
                NO_CALL,
                "the payment, if it is lost",
                page="invoice",
                button="See invoice",
            ),
            CREDIT_ITEMS,
        ),
    ),
    "failing": Recipe("Its syncs fail.", (LOG, VERIFY)),
    "untaxable": Recipe("Stripe cannot work out the tax of a draft.", (SEE_TAX, VERIFY)),
    "differs": Recipe("Lines were added to Stripe's draft.", LINES),
    "left": Recipe("Lines were left on Stripe's draft, which hold it.", LINES),
    "void": Recipe(
        "A void invoice billed nothing.",
        (
            Repair(
                "Bill it",
                "Its items come back on the current invoice, each with its own period.",
                "the next sync's",
                "the next bill grows by what is asked",
                reason="asked",
                audit=("invoice.void_billed",),
                page="void",
                button="Decide",
                undo="Credit it on the current invoice.",
            ),
            Repair(
                "Write it off",
                "It is billed to no one, now or later.",
                NO_CALL,
                "the customer never pays it",
                reason="asked",
                audit=("invoice.void_written_off",),
                page="void",
                button="Decide",
                undo="Charge it on the current invoice.",
            ),
        ),
    ),
    "credit_note": Recipe("A credit note was refused, or is not done yet.", (_AGAIN,)),
    "reissue": Recipe("A reissue was refused, or is not done yet.", (_AGAIN, REISSUE)),
    "refund": Recipe("A refund was refused, or is not done yet.", (_REFUND,)),
    "refund_failed": Recipe(
        "A refund failed after it was made: the customer did not get it.",
        (_REFUND, _SETTLE_REFUND),
    ),
    "charged_back": Recipe(
        "A bank took the payment back: the dispute is lost.", (CHARGE_NEXT, _SETTLE_DISPUTE)
    ),
    "sums": Recipe(
        "The money of an organization does not add up.",
        (
            Repair(
                "See the check",
                "It names the amounts and where they are. Nothing is issued to this organization "
                "until it holds again.",
                NO_CALL,
                "nothing is issued before",
                page="invariants",
                button="See check",
            ),
            CHARGE_NEXT,
        ),
    ),
    "restored": Recipe(
        "The ledger was put back to an earlier moment, and Stripe may know more.", (_RELEASE,)
    ),
    "gap": Recipe("Only one of Stripe and the ledger knows of it.", (_READ,)),
    "dead": Recipe(
        "An event was given up.",
        (
            Repair(
                "Replay it",
                "It is processed once more, as if it had just arrived; what was taken over of it "
                "already changes nothing.",
                "a read at most",
                "what the event says",
                audit=("event.replayed",),
                page="event",
                button="Replay",
                undo="None is needed: events are safe to repeat.",
            ),
        ),
    ),
    "unusual": Recipe(
        "Usage is far from its habit.",
        (
            Repair(
                "Look at the usage",
                "Where it is a mistake, the sub-system takes the records off; else set a budget, "
                "or leave it.",
                NO_CALL,
                "usage that is taken off is not billed",
                page="budget",
                button="See alerts",
            ),
        ),
    ),
    "approval": Recipe(
        "A move of money waits for a second person.",
        (
            Repair(
                "Approve or refuse it",
                "Another person than the proposer decides, until its day.",
                "as what is proposed",
                "as the proposal shows",
                reason="optional",
                audit=("proposal.approved", "proposal.refused"),
                page="proposal",
                button="Decide",
                undo="As what was approved is undone.",
            ),
        ),
    ),
    "refused_address": Recipe(
        "A server refused the billing e-mail for good.",
        (
            Repair(
                "Correct the address",
                "Change the billing e-mail, or accept it again once the customer has fixed it.",
                "1 for the customer",
                "nothing",
                audit=("organization.changed", "mail.address_accepted"),
                page="mails",
                button="See e-mails",
                undo="Change it back.",
            ),
        ),
    ),
    "endpoint_off": Recipe(
        "An endpoint of outgoing events was switched off.",
        (
            Repair(
                "Resume it",
                "Its page says why it is off. Once the other system answers again, resume it, or "
                "remove it.",
                NO_CALL,
                "nothing",
                audit=("event_endpoint.resumed", "event_endpoint.removed"),
                page="endpoint",
                button="See endpoint",
                undo="Pause it again.",
            ),
        ),
    ),
    "late": Recipe("Part of the machine stands still.", (_JOBS,)),
    "calls": Recipe(
        "The account's reads at Stripe are nearly used up.",
        (
            Repair(
                "Lower what is read",
                "The page shows who reads. Lower the settings of reads, or wait.",
                NO_CALL,
                "nothing",
                page="calls",
                button="See calls",
            ),
        ),
    ),
}


def recipe_of_need(kind: str, facts: Mapping[str, Any]) -> Recipe | None:
    """Return how something is repaired that needs a person; None of another release's kind."""
    if kind == "on_hold":
        return recipe_of_hold(facts.get("code"))
    return NEEDS.get(kind)
