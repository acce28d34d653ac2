"""What became of everything that was billed for one thing, as `billing.chain` has it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.billing.standing import fit, within
from dashboard.currencies import charge_step
from dashboard.money import round_charge
from dashboard.recount.facts import Bill, Facts, Item, Link


def accounted(links: Sequence[Link], owed_cents: int) -> int:
    """Return what of `owed_cents` is billed, credited again, or awaits a decision of a person."""
    billed = sum(link.billed_cents for link in links)
    claims = [link.claim for link in links if link.claim and link.claim.state != "billed"]
    kept = sum(fit([one.claimed_cents for one in claims], owed_cents - max(billed, 0)))
    forgiven = sum(link.forgiven_cents for link in links)
    return billed + kept + within(owed_cents - max(billed, 0) - kept, forgiven)


def is_settled(owed_cents: int, links: Sequence[Link], currency: str) -> bool:
    """Whether all of what is owed is accounted for, but for what cannot be charged."""
    left = owed_cents - accounted(links, owed_cents)
    return abs(left) < charge_step(currency)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invoice should ask for a thing, in minor units, and what it does ask."""

    bill: Bill
    item: Item | None
    expected: int

    @property
    def found(self) -> int:
        """What its item says; nothing without one."""
        return self.item.amount_cents if self.item else 0

    @property
    def is_right(self) -> bool:
        """Whether the two are the same."""
        return self.found == self.expected


class Chain:
    """The items for one cycle, price version and service, in the order of their invoices."""

    def __init__(self, facts: Facts, items: Iterable[Item]) -> None:
        self._facts = facts
        self._first = sorted(map(facts.link, items), key=lambda link: link.bill.sequence)
        self.links = [one for link in self._first for one in facts.family(link.item)]

    @property
    def bills(self) -> set[Bill]:
        """The invoices that have an item of it."""
        return {link.bill for link in self._first}

    def item_on(self, bill: Bill) -> Item | None:
        """Return its item on an invoice."""
        return next((link.item for link in self._first if link.bill.id == bill.id), None)

    def asked(self, bill: Bill, cost: int) -> Asked:
        """Return what an invoice should ask when everything so far costs so much."""
        earlier = self._earlier(bill)
        left = round_charge(cost - accounted(earlier, cost), self._facts.currency)
        return Asked(bill, self.item_on(bill), left)

    def is_plain(self, bill: Bill) -> bool:
        """Whether nothing happened to the invoices before one but that they were billed.

        Then what they had come to when it was sealed is what they come to now.
        """
        return all(
            link.bill.status != "void"
            and link.claim is None
            and not link.item.credited_cents
            and not link.item.carried_cents
            and link.item.carried_from_id is None
            for link in self._earlier(bill)
        )

    def _earlier(self, bill: Bill) -> list[Link]:
        return [
            one
            for link in self._first
            if link.bill.sequence < bill.sequence
            for one in self._facts.family(link.item)
        ]
