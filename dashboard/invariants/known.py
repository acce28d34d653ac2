"""The invariants there are, in the order in which they are told."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant
from dashboard.invariants.of_bills import OF_BILLS
from dashboard.invariants.of_stripe import OF_STRIPE
from dashboard.invariants.of_the_issued import OF_THE_ISSUED
from dashboard.invariants.of_usage import OF_USAGE

# Those that a statement finds.
INVARIANTS = (*OF_BILLS, *OF_USAGE, *OF_STRIPE, *OF_THE_ISSUED)
# The one that only working everything out again finds: see `of_facts`.
FOLLOWS_FACTS = Invariant(
    "bills_follow_facts",
    "Every bill is what its usage records, services, prices and charges come to, calculated again.",
    "the facts come to",
    "the ledger has",
    "",
    place="timeline",
)
EVERY_INVARIANT = (*INVARIANTS, FOLLOWS_FACTS)
BY_NAME: dict[str, Invariant] = {one.name: one for one in EVERY_INVARIANT}
