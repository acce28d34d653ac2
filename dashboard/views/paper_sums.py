"""The sums of a document: from its lines to what remains to be paid; each row leads to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dashboard.billing.models import Invoice
from dashboard.billing.tax_words import untaxed_because
from dashboard.reading.rows import Item
from dashboard.views.formatting import day, money


class Sum(NamedTuple):
    """A row below the lines."""

    label: str
    amount: str
    is_total: bool = False


def sums_of(invoice: Invoice, listed: Sequence[Item], below: Sequence[Item]) -> Iterator[Sum]:
    """Yield the rows: `listed` are added up already, `below` are credits told one by one."""
    currency = invoice.currency
    if below:
        yield Sum("Subtotal", money(sum(item.billed_cents for item in listed), currency))
        for item in below:
            yield Sum(f"Credit: {item.description}", money(item.billed_cents, currency))
    if invoice.amount_due_cents is None:
        yield Sum("Total before tax", money(invoice.total_cents, currency), is_total=True)
        if invoice.automatic_tax:
            yield Sum("Tax", "worked out when it is issued")
        return
    reasons = "; ".join(untaxed_because(invoice))
    if invoice.tax_cents or reasons or invoice.theirs_cents:
        yield Sum(
            "Our items, before tax" if invoice.theirs_cents else "Before tax",
            money(invoice.total_cents, currency),
        )
    if invoice.tax_cents or reasons:
        label = f"Tax ({reasons})" if reasons else "Tax"
        yield Sum(label, money(invoice.tax_cents or 0, currency))
    if invoice.theirs_cents:
        yield Sum("Lines of the subscription", money(invoice.theirs_cents, currency))
    total = invoice.total_cents + invoice.theirs_cents + (invoice.tax_cents or 0)
    yield Sum("Total", money(total, currency), is_total=True)
    yield from _settled(invoice, total)


def _settled(invoice: Invoice, total: int) -> Iterator[Sum]:
    """Yield what was taken off the total, and what remains."""
    currency = invoice.currency
    if invoice.status == "void":
        yield Sum("Remaining", money(0, currency), is_total=True)
        return
    noted, paid = invoice.pre_payment_credit_notes_cents or 0, invoice.amount_paid_cents or 0
    remaining = _remaining(invoice)
    # What Stripe added from the customer's balance, or took off: it is what is left unexplained.
    moved = remaining + paid + noted - total
    if moved:
        yield Sum(_moved_words(invoice, total, moved), money(moved, currency))
    if noted:
        yield Sum("Credit notes", money(-noted, currency))
    if paid:
        on = f" {day(invoice.paid_at)}" if invoice.paid_at else ""
        yield Sum(f"Paid{on}", money(-paid, currency))
    yield Sum("Remaining", money(remaining, currency), is_total=True)
    if invoice.refunded_cents:
        # Below the line: it was paid, and what went back since is not asked for again.
        yield Sum("Refunded since", money(invoice.refunded_cents, currency))


def _remaining(invoice: Invoice) -> int:
    """Return what is still to be paid; of one that was told of long ago, what is due less paid."""
    if invoice.amount_remaining_cents is not None:
        return invoice.amount_remaining_cents
    return (invoice.amount_due_cents or 0) - (invoice.amount_paid_cents or 0)


def _moved_words(invoice: Invoice, total: int, moved: int) -> str:
    if invoice.tax_cents is None and total > 0:
        return "Tax, and the balance at Stripe"
    if total < 0:
        return "Credit that stays on the balance"
    if moved > 0:
        return "Added from the balance"
    is_small = moved == -total and (invoice.ending_balance_cents or 0) > 0
    return "Carried to the next invoice" if is_small else "Taken off by the credit on the balance"
