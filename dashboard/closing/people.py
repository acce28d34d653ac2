"""Whether people want a bill to wait: one they hold, or one above the limit not approved yet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, String, select

from dashboard.billing.models import Invoice
from dashboard.closing.bill_models import BillApproval, ClosingLimit, IssueHold
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.pricing.exact import major_text
from dashboard.statement import Statement, parameter

HELD_BY_PERSON = "held_by_person"
APPROVAL_WANTED = "approval_wanted"


class Wanted(NamedTuple):
    """What people said of a bill: who holds it and why, the limit, and the last total approved.

    `limit_cents` is None where no limit is in force; `is_approved` is of the total asked about.
    """

    held_by: str | None = None
    reason: str | None = None
    limit_cents: int | None = None
    is_approved: bool = False
    approved_cents: int | None = None


def wanted_of(invoice: Invoice, total_cents: int | None = None) -> Wanted:
    """Return what people want of a bill that comes to its total, or to `total_cents`."""
    total = invoice.total_cents if total_cents is None else total_cents
    row = _WANTED.row(
        invoice=invoice.id,
        organization=invoice.organization_id,
        currency=invoice.currency,
        total=total,
    )
    return Wanted(*row) if row is not None else Wanted()


def why_wait(wanted: Wanted, total: Money) -> tuple[str, str] | None:
    """Return why a bill of that total before tax waits, as a code and a sentence. Pure."""
    if wanted.held_by is not None:
        reason = (wanted.reason or "").strip().rstrip(".")
        return HELD_BY_PERSON, (
            f"{wanted.held_by} holds it until it is released, because: {reason}. Nothing was "
            "billed."
        )
    if wanted.limit_cents is None or total.cents <= wanted.limit_cents or wanted.is_approved:
        return None
    limit = Money(wanted.limit_cents, total.currency)
    since = ""
    if wanted.approved_cents is not None:
        before = Money(wanted.approved_cents, total.currency)
        since = f" It was approved at {_text(before)}, which is not what it comes to now."
    return APPROVAL_WANTED, (
        f"It comes to {_text(total)} before tax, and a person approves bills above "
        f"{_text(limit)}.{since} Nothing was billed."
    )


def why_people_wait(invoice: Invoice) -> tuple[str, str] | None:
    """Return why people want a bill to wait, as it is now; one statement."""
    return why_wait(wanted_of(invoice), Money(invoice.total_cents, invoice.currency))


def open_hold(invoice_id: int) -> IssueHold | None:
    """Return the hold that a person has on a bill."""
    query = select(IssueHold).where(
        IssueHold.invoice_id == invoice_id, IssueHold.released_at.is_(None)
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def approvals_of(invoice_id: int) -> list[BillApproval]:
    """Return the totals at which a bill was approved, the last first."""
    query = select(BillApproval).where(BillApproval.invoice_id == invoice_id)
    return list(db.session.scalars(query.order_by(BillApproval.id.desc())))


def approved_at(invoice_id: int, total_cents: int) -> datetime | None:
    """Return when a bill was approved at that total."""
    query = select(BillApproval.approved_at).where(
        BillApproval.invoice_id == invoice_id, BillApproval.total_cents == total_cents
    )
    return db.session.scalar(query)


def _text(amount: Money) -> str:
    return major_text(Decimal(amount.cents), amount.currency)


_INVOICE = parameter("invoice", BigInteger)
_LIMIT = (
    select(ClosingLimit.cents)
    .where(
        ClosingLimit.ended_at.is_(None),
        ClosingLimit.currency == parameter("currency", String),
        ClosingLimit.organization_id.is_(None)
        | (ClosingLimit.organization_id == parameter("organization", BigInteger)),
    )
    # The organization's own comes before that of all.
    .order_by(ClosingLimit.organization_id.nulls_last())
    .limit(1)
    .scalar_subquery()
)
_HOLD = (IssueHold.invoice_id == _INVOICE) & IssueHold.released_at.is_(None)
_APPROVED = BillApproval.invoice_id == _INVOICE
_WANTED = Statement(
    select(
        select(IssueHold.held_by).where(_HOLD).scalar_subquery(),
        select(IssueHold.reason).where(_HOLD).scalar_subquery(),
        _LIMIT,
        select(BillApproval.id)
        .where(_APPROVED, BillApproval.total_cents == parameter("total", BigInteger))
        .exists(),
        select(BillApproval.total_cents)
        .where(_APPROVED)
        .order_by(BillApproval.id.desc())
        .limit(1)
        .scalar_subquery(),
    )
)
