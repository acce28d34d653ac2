"""The customer's balance at Stripe: what an invoice leaves on it and what the next does with it.

What is too small to charge is paid as far as Stripe's status goes, and is added to the next
invoice; a total below zero stays as credit, and a credit note may put there what was paid. A void
invoice gives back what it took from there. The balance is Stripe's and may be moved by others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from dashboard.billing.correction_models import Correction
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


class Issued(Protocol):
    """An invoice that left something on the balance."""

    @property
    def id(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def finalized_at(self) -> datetime | None: ...
    @property
    def ending_balance_cents(self) -> int | None: ...
    @property
    def called(self) -> str: ...


@dataclass(frozen=True, slots=True)
class BalanceMove:
    """What an issued invoice did with the balance, all in minor units above zero.

    `added` was owed from before and is asked for here; `carried` is too small and left to the next;
    `used` is credit taken off; `kept` is credit that it left, beyond what was owed before; `noted`
    was taken off by what Stripe does not tell, credit notes aside. `source` is the invoice that
    `added` is from. A void one gave `credit_back` or `debt_back`.
    """

    added: int = 0
    carried: int = 0
    used: int = 0
    kept: int = 0
    noted: int = 0
    source: Invoice | None = None
    credit_back: int = 0
    debt_back: int = 0


def move_of(invoice: Invoice) -> BalanceMove:
    """Return what an invoice did with the balance; nothing for one that is not issued."""
    if invoice.status == "void":
        back = _given_back(invoice)
        return BalanceMove(credit_back=max(-back, 0), debt_back=max(back, 0))
    due, total = invoice.amount_due_cents, invoice.stripe_total_cents or 0
    if due is None:
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
        kept=max(min(start, 0) - end, 0) if total < 0 else 0,
        noted=max(total + start - end - due, 0),
        source=_before(invoice, start) if start > 0 else None,
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is on the balance for a draft: owed (above zero) and added when it is issued, or credit.

    `source` left it there; `is_given_back` says that it is void and only put it back. `noted_cents`
    of a credit, above zero, were put there by credit notes, the last of them one of the source.
    """

    source: Issued
    cents: int
    is_given_back: bool = False
    noted_cents: int = 0


def balance_ahead(invoice: Draft) -> Ahead | None:
    """Return what is on the balance for a draft; None for nothing."""
    last = db.session.scalar(last_issued_before(invoice.organization_id, invoice.sequence))
    return None if last is None else ahead_after(last, invoice)


def ahead_after(last: Issued, draft: Draft, *, is_moved: bool = True) -> Ahead | None:
    """Return what the invoice issued last left on the balance for a draft, and what moved it since.

    Void invoices and credit notes do. Without `is_moved` none did.
    """
    if last.ending_balance_cents is None:
        credit = credit_before(draft)
        left = left_of_credits(draft) if credit is not None else 0
        return Ahead(credit, left) if credit is not None and left else None
    void, notes = _moves_since(last, draft) if is_moved else ([], [])
    noted = sum(note.balance_cents for note in notes)
    cents = last.ending_balance_cents + sum(_given_back(one) for one in void) - noted
    if not cents:
        return None
    if noted and cents < 0:
        return Ahead(notes[-1].invoice, cents, noted_cents=min(noted, -cents))
    return Ahead(void[-1], cents, is_given_back=True) if void else Ahead(last, cents)


def _moves_since(last: Issued, draft: Draft) -> tuple[Sequence[Invoice], Sequence[Correction]]:
    """Return the void invoices and the credit notes since the last issue, each oldest first."""
    since = void_since(draft.organization_id, last.sequence, last.finalized_at)
    notes = noted_since(draft.organization_id, last.id, last.finalized_at)
    return db.session.scalars(since).all(), db.session.scalars(notes).all()


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


def left_of_credits(invoice: Draft) -> int:
    """Return what earlier invoices' credits came to, less what later ones used of them: below zero.

    For invoices issued before balances were kept, as far as the ledger can say: tax is not told.
    """
    rows = db.session.execute(
        select(Invoice.total_cents, Invoice.amount_due_cents)
        .where(
            Invoice.organization_id == invoice.organization_id,
            Invoice.sequence < invoice.sequence,
            Invoice.status.in_(("open", "paid", "uncollectible")),
        )
        .order_by(Invoice.sequence)
    )
    left = 0
    for total, due in rows:
        # Nothing is due before all credit is used.
        left = 0 if due else min(left + total, 0)
    return left


def last_issued_before(
    organization_id: int | ColumnElement[int],
    sequence: int | ColumnElement[int],
    *,
    of: type[Invoice] = Invoice,
) -> Select[Invoice]:
    """Return how an organization's last issued invoice before one of its sequence is found.

    A void one gave back what it took from the balance.
    """
    return (
        select(of)
        .where(
            of.organization_id == organization_id,
            of.sequence < sequence,
            of.status.in_(("open", "paid", "uncollectible")),
            # One that billed nothing ended without Stripe, and told of no balance.
            or_(of.stripe_invoice_id.is_not(None), of.total_cents != 0),
        )
        .order_by(of.finalized_at.desc(), of.sequence.desc())
        .limit(1)
    )


def _given_back(void: Invoice) -> int:
    """Return by how much the end of a void invoice moved the balance."""
    return (void.starting_balance_cents or 0) - (void.ending_balance_cents or 0)


def void_since(
    organization_id: int | SQLColumnExpression[int],
    sequence: int | SQLColumnExpression[int],
    at: datetime | SQLColumnExpression[Any] | None,
) -> Select[Invoice]:
    """Return how the void invoices that moved the balance since one was issued then are found.

    One that was issued after it took from the balance after it as well, and changed nothing.
    """
    return (
        select(Invoice)
        .where(
            Invoice.organization_id == organization_id,
            Invoice.status == "void",
            Invoice.sequence < sequence,
            Invoice.voided_at > at,
            Invoice.starting_balance_cents != Invoice.ending_balance_cents,
        )
        .order_by(Invoice.voided_at, Invoice.sequence)
    )


def noted_since(
    organization_id: int | SQLColumnExpression[int],
    invoice_id: int | SQLColumnExpression[int],
    at: datetime | SQLColumnExpression[Any] | None,
) -> Select[Correction]:
    """Return how the notes are found that put credit on the balance since one was issued then.

    Stripe tells of whole seconds; one of that invoice itself came after it in any case.
    """
    return (
        select(Correction)
        .where(
            Correction.organization_id == organization_id,
            Correction.balance_cents > literal_column("0"),
            Correction.status == "issued",
            or_(Correction.made_at > at, Correction.invoice_id == invoice_id),
        )
        .order_by(Correction.made_at, Correction.stripe_id)
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
