"""How a bill is repaired that is held for its tax, and the repairs that other holds share."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.needs.recipe import Recipe, Repair

NO_CALL, SOME_CALLS = "none", "a read for each hundred lines, and a call for each line that differs"
STAYS = "nothing: the bill stays as the ledger has it"
VERIFY = Repair(
    "Verify it",
    "A sync reads every line of the draft, puts back what differs, and issues the invoice where "
    "all is equal to the cent.",
    SOME_CALLS,
    STAYS,
    audit=("invoice.sync_requested", "invoice.released"),
    undo="None is needed: it makes Stripe's draft equal to the ledger.",
    page="verify",
    button="Verify again",
)
COMPARE = Repair(
    "Compare it with Stripe's draft",
    "The page sets our lines beside Stripe's as they are now. Fix what differs there, then verify.",
    "a read for each hundred lines",
    "nothing until then",
    page="at_stripe",
    button="Compare with Stripe",
    undo="None is needed: it only looks.",
)
REISSUE = Repair(
    "Void and reissue it",
    "The invoice is taken back at Stripe, by a void or a credit note, and what is owed of it comes "
    "back on the current invoice.",
    "1, or 2 and a preview where something was paid",
    "what is due of it goes; the next bill grows by what is owed of it",
    reason="asked",
    audit=("reissue.planned", "reissue.done"),
    page="reissue",
    button="Void and reissue…",
)
SEE_TAX = Repair(
    "Correct the address",
    "The tax page asks Stripe whether it can tell the tax from the customer's address. Correct the "
    "address in the organization's details: it is sent, and the bill tried again. Corrected in "
    "Stripe's dashboard, verify the bill.",
    "a read where Stripe is asked, and 1 that sends the address",
    STAYS,
    audit=("organization.changed", "invoice.sync_requested"),
    page="tax",
    button="See tax",
    undo="As the address is changed back.",
)

WAIVE_TAX = Repair(
    "Let it go without tax",
    "A bill that is not issued is sent and issued without tax; one that Stripe issued without "
    "stays as it is. The bills after it have tax as before.",
    "1, a call for each line that differs, and 1 to issue it; none where it is issued",
    "the customer pays no tax on it",
    reason="asked",
    audit=("invoice.tax_waived", "invoice.released"),
    undo="Void and reissue it.",
    page="tax",
    button="See tax",
)


TAX_HOLDS: Mapping[str, Recipe] = {
    "no_tax_location": Recipe(
        "Stripe cannot work out the tax of the bill.", (SEE_TAX, VERIFY, WAIVE_TAX)
    ),
    "tax_differs": Recipe(
        "Automatic tax was switched off on Stripe's draft of the bill.",
        (VERIFY, COMPARE, WAIVE_TAX),
    ),
    "left_untaxed": Recipe(
        "Stripe issued the bill without the tax that it was to have.", (REISSUE, WAIVE_TAX)
    ),
}
