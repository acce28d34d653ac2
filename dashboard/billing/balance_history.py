"""What moved a customer's balance at Stripe, as far as the ledger knows, with the balance after.

Stripe tells no event of a move. But each invoice tells what was there before and after it was
issued, so that what lies between two of them, and is none of our moves, was moved by somebody else:
by hand in Stripe's dashboard, or by another application. Of what came before the first invoice
that told, and since the last, only Stripe can say more (`RemoteBalanceMove`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import select

from dashboard.billing.correction_models import Correction
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization

Kind = Literal["invoice", "void", "credit_note", "overpaid", "foreign", "unknown"]


@dataclass(frozen=True, slots=True)
class BalanceStep:
    """One move of the balance: by `cents` (below zero is credit), to `balance_cents`.

    Of a `foreign` one, and of what was there before anything is known (`unknown`), `at` is when it
    was noticed: it happened at some time before. The balance after is None where it is not known.
    """

    kind: Kind
    at: datetime
    cents: int
    balance_cents: int | None
    invoice: Invoice
    note: str | None = None


class History(NamedTuple):
    """The moves, oldest first, and what they came to last; None where that is not known."""

    steps: Sequence[BalanceStep]
    balance_cents: int | None
    currency: str


class _Told(NamedTuple):
    """Something that is known of the balance, in the order of time."""

    at: datetime
    # What an invoice says of itself comes before what followed it in the same second.
    rank: int
    number: int
    kind: Kind
    invoice: Invoice
    cents: int = 0
    before: int | None = None
    after: int | None = None
    note: str | None = None


def balance_history(organization: Organization) -> History:
    """Return what moved an organization's balance; two statements, none of them at Stripe."""
    steps, balance = _steps(sorted(_told(organization), key=lambda one: one[:3]))
    return History(steps, balance, organization.currency)


def _told(organization: Organization) -> Iterator[_Told]:
    query = select(Invoice).where(
        Invoice.organization_id == organization.id,
        Invoice.status.in_(FINALIZED),
        Invoice.finalized_at.is_not(None),
        Invoice.stripe_invoice_id.is_not(None),
    )
    for one in db.session.scalars(query):
        before, after, at = one.starting_balance_cents, one.ending_balance_cents, one.finalized_at
        if at is None:
            continue
        yield _Told(at, 0, one.sequence, "invoice", one, before=before, after=after)
        if one.overpaid_cents:
            yield _Told(one.paid_at or at, 1, one.sequence, "overpaid", one, -one.overpaid_cents)
        if one.status == "void" and one.voided_at and before is not None and after is not None:
            yield _Told(one.voided_at, 1, one.sequence, "void", one, before - after)
    notes = select(Correction).where(
        Correction.organization_id == organization.id,
        Correction.balance_cents > 0,
        Correction.status == "issued",
    )
    for note in db.session.scalars(notes):
        cents = -note.balance_cents
        invoice = note.invoice
        # Stripe tells of whole seconds: one of an invoice came after it in any case.
        at = max(note.made_at, invoice.finalized_at or note.made_at)
        yield _Told(at, 1, note.id, "credit_note", invoice, cents, note=note.number)


def _steps(told: Sequence[_Told]) -> tuple[list[BalanceStep], int | None]:
    """Return the moves with the balance after each, and what is left at last."""
    steps: list[BalanceStep] = []
    balance: int | None = None
    is_first = True
    for one in told:
        if one.kind != "invoice":
            balance = None if balance is None else balance + one.cents
            if one.cents:
                steps.append(_step(one, one.kind, one.cents, balance))
            continue
        before, after = one.before, one.after
        if before is None or after is None:
            # It was last told of before balances were kept.
            balance, is_first = None, False
            continue
        if balance is None and (before or not is_first):
            steps.append(_step(one, "unknown", before, before))
        elif balance is not None and before != balance:
            steps.append(_step(one, "foreign", before - balance, before))
        if after != before:
            steps.append(_step(one, "invoice", after - before, after))
        balance, is_first = after, False
    return steps, balance


def _step(one: _Told, kind: Kind, cents: int, balance: int | None) -> BalanceStep:
    return BalanceStep(kind, one.at, cents, balance, one.invoice, one.note)
