"""Charges, credits, what was carried on from them, and the totals, worked out anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dashboard.currencies import charge_step
from dashboard.recount.chains import Chain
from dashboard.recount.difference import Difference
from dashboard.recount.facts import Charge, Facts, Item, Link


def charge_differences(facts: Facts) -> Iterator[Difference]:
    """Yield where a charge or credit is not billed, or something is that nobody added."""
    items = {item.key: item for item in facts.items if item.kind == "adjustment"}
    for number, charge in sorted(facts.charges.items()):
        yield from _of_charge(facts, charge, items.pop(f"adjustment:{number}", None))
    for item in items.values():
        sides = (Decimal(0), Decimal(item.amount_cents))
        yield _on(facts, item, sides, "This charge or credit was never added.")


def _of_charge(facts: Facts, charge: Charge, item: Item | None) -> Iterator[Difference]:
    bill = facts.bills[charge.invoice_id]
    said = Decimal(charge.amount_cents)
    if item is None or item.invoice_id != charge.invoice_id:
        subject = f"{bill.called}, “{charge.description}”"
        why = "Its invoice has no item for this charge or credit."
        yield Difference(facts.slug, bill.sequence, subject, facts.currency, said, Decimal(0), why)
    elif item.amount_cents != charge.amount_cents:
        sides = (said, Decimal(item.amount_cents))
        yield _on(facts, item, sides, "It was added with another amount.")
    else:
        links = Chain(facts, [item]).links
        found = _accounted(links)
        if abs(charge.amount_cents - found) >= charge_step(facts.currency):
            sides = (said, Decimal(found))
            yield _on(facts, item, sides, "What was carried on or billed again of it is not that.")


def _accounted(links: Sequence[Link]) -> int:
    """Return what is billed of a charge, was credited again, or is for a person to decide.

    Unlike what is rated, it never costs less later: all that was credited stays so.
    """
    claims = [link.claim for link in links if link.claim and link.claim.state != "billed"]
    billed = sum(link.billed_cents + link.forgiven_cents for link in links)
    return billed + sum(claim.claimed_cents for claim in claims)


def _on(facts: Facts, item: Item, sides: tuple[Decimal, Decimal], why: str) -> Difference:
    bill = facts.bills[item.invoice_id]
    subject = f"{bill.called}, “{item.description}”"
    return Difference(facts.slug, bill.sequence, subject, facts.currency, *sides, why)


def total_differences(facts: Facts) -> Iterator[Difference]:
    """Yield the invoices whose total is not what their items come to."""
    sums = dict.fromkeys(facts.bills, 0)
    for item in facts.items:
        sums[item.invoice_id] += item.amount_cents - item.carried_cents
    for bill in facts.ordered_bills:
        if sums[bill.id] != bill.total_cents:
            sides = (Decimal(sums[bill.id]), Decimal(bill.total_cents))
            why = "Its total is not what its items come to."
            yield Difference(facts.slug, bill.sequence, bill.called, facts.currency, *sides, why)
