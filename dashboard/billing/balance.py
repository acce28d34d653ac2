"""The customer's balance at Stripe: what an invoice leaves on it and what the next does with it.

What is too small to charge is paid as far as Stripe's status goes, and is added to the next
invoice; a total below zero stays as credit. The balance is Stripe's and may be moved by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import aliased

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db
from dashboard.money import minimum_charge


class Draft(Protocol):
    """An invoice that is not issued yet, as far as the balance is concerned."""

    @property
    def organization_id(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def total_cents(self) -> int: ...


@dataclass(frozen=True, slots=True)
class BalanceMove:
    """What an issued invoice did with the balance, all in minor units above zero.

    `added` was owed from before and is asked for here; `carried` is too small and left to the next;
    `used` is credit taken off; `kept` is credit that it left; `noted` was taken off by what
    Stripe does not tell, credit notes aside. `source` is the invoice that `added` is from.
    """

    added: int = 0
    carried: int = 0
    used: int = 0
    kept: int = 0
    noted: int = 0
    source: Invoice | None = None


def move_of(invoice: Invoice) -> BalanceMove:
    """Return what an invoice did with the balance; nothing for one that is void or not issued."""
    due, total = invoice.amount_due_cents, invoice.stripe_total_cents or 0
    if due is None or invoice.status == "void":
        return BalanceMove()
    # Credit notes are said by themselves; here they are part of what was asked for.
    due += invoice.pre_payment_credit_notes_cents or 0
    start, end = invoice.starting_balance_cents, invoice.ending_balance_cents
    if start is None or end is None:
        # It was last told of before balances were kept: what it was taken off by is not known.
        return BalanceMove(noted=max(total - due, 0))
    return BalanceMove(
        added=max(start, 0),
        carried=max(end, 0),
        used=max(min(-start, end - start), 0),
        kept=max(start - end, 0) if total < 0 else 0,
        noted=max(total + start - end - due, 0),
        source=_before(invoice, start) if start > 0 else None,
    )


def balance_ahead(invoice: Invoice) -> tuple[Invoice, int] | None:
    """Return what is on the balance for a draft, with the invoice that left it; None for nothing.

    Above zero is owed and added when the draft is issued; below zero is credit and taken off.
    """
    last = _last_issued(invoice)
    if last is None:
        return None
    if last.ending_balance_cents is not None:
        return (last, last.ending_balance_cents) if last.ending_balance_cents else None
    credit = credit_before(invoice)
    return None if credit is None else (credit, credit.total_cents)


def is_too_small(invoice: Draft, ahead_cents: int) -> bool:
    """Whether a draft, with what is on the balance, is less than Stripe charges as it stands."""
    return 0 < invoice.total_cents + ahead_cents < minimum_charge(invoice.currency)


def credit_before(invoice: Draft) -> Invoice | None:
    """Return the newest earlier invoice whose credit may not be used up yet, None if none is.

    For invoices issued before balances were kept. Those issued after a credit use it up before
    anything is due; something due on a later one shows that nothing was left.
    """
    later = aliased(Invoice)
    used_up = exists().where(
        later.organization_id == Invoice.organization_id,
        later.sequence > Invoice.sequence,
        later.status.in_(FINALIZED),
        later.amount_due_cents > 0,
    )
    return db.session.scalar(
        select(Invoice)
        .where(
            Invoice.organization_id == invoice.organization_id,
            Invoice.sequence < invoice.sequence,
            Invoice.status == "paid",
            Invoice.total_cents < 0,
            ~used_up,
        )
        .order_by(Invoice.sequence.desc())
        .limit(1)
    )


def _last_issued(invoice: Invoice) -> Invoice | None:
    """Return the invoice that was issued last before this one; a void one gave its part back."""
    return db.session.scalar(last_issued_before(invoice.organization_id, invoice.sequence))


def last_issued_before(
    organization_id: int | ColumnElement[int], sequence: int | ColumnElement[int]
) -> Select[Invoice]:
    """Return how an organization's last issued invoice before one of its sequence is found."""
    return (
        select(Invoice)
        .where(
            Invoice.organization_id == organization_id,
            Invoice.sequence < sequence,
            Invoice.status.in_(("open", "paid", "uncollectible")),
            # One that billed nothing ended without Stripe, and told of no balance.
            or_(Invoice.stripe_invoice_id.is_not(None), Invoice.total_cents != 0),
        )
        .order_by(Invoice.finalized_at.desc(), Invoice.sequence.desc())
        .limit(1)
    )


def _before(invoice: Invoice, cents: int) -> Invoice | None:
    """Return the invoice that left so much on the balance for this one."""
    return db.session.scalar(
        select(Invoice)
        .where(
            Invoice.organization_id == invoice.organization_id,
            Invoice.sequence < invoice.sequence,
            Invoice.ending_balance_cents == cents,
            Invoice.status != "void",
        )
        .order_by(Invoice.sequence.desc())
        .limit(1)
    )
