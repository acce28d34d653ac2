"""The invariants there are, in the order in which they are told."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant
from dashboard.invariants.of_bills import OF_BILLS
from dashboard.invariants.of_stripe import OF_STRIPE
from dashboard.invariants.of_the_issued import OF_THE_ISSUED
from dashboard.invariants.of_usage import OF_USAGE

INVARIANTS = (*OF_BILLS, *OF_USAGE, *OF_STRIPE, *OF_THE_ISSUED)
BY_NAME: dict[str, Invariant] = {one.name: one for one in INVARIANTS}
