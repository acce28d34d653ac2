"""Money that went another way than it was to, as needs of a person: until they settle it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import aliased

from dashboard.billing.correction_models import FAILED, Correction
from dashboard.billing.models import Invoice
from dashboard.billing.notes import UNDONE
from dashboard.needs.found import MOST, Rows, shown


def failed_refunds(_now: datetime) -> Rows:
    """Return the refunds that failed, until one was made anew or a person settled them."""
    later = aliased(Correction)
    is_made_anew = (
        select(later.id)
        .where(
            later.invoice_id == Correction.invoice_id,
            later.kind == "refund",
            later.status.not_in(UNDONE),
            # To another payment, of less, or before this failed: that made up for something else.
            later.paid_by.is_not_distinct_from(Correction.paid_by),
            later.amount_cents >= Correction.amount_cents,
            later.made_at > func.coalesce(Correction.told_at, Correction.made_at),
        )
        .exists()
    )
    return _unsettled(Correction.kind == "refund", Correction.status.in_(FAILED), ~is_made_anew)


def lost_disputes(_now: datetime) -> Rows:
    """Return the disputes that were lost, until somebody appeals or a person settled them."""
    return _unsettled(Correction.kind == "dispute", Correction.status == "lost")


def _unsettled(*which: ColumnElement[bool]) -> Rows:
    facts = func.jsonb_build_object(
        "sequence", Invoice.sequence,
        "number", Invoice.number,
        "status", Correction.status,
        "reason", Correction.reason,
    )  # fmt: skip
    subject = cast(Correction.id, String)
    since = func.coalesce(Correction.told_at, Correction.made_at)
    of_one = (Correction.organization_id, Correction.amount_cents, Invoice.currency)
    return (
        shown(subject, since, facts, *of_one)
        .select_from(Correction)
        .join(Invoice, Invoice.id == Correction.invoice_id)
        .where(*which, Correction.settled_at.is_(None))
        .order_by(Correction.made_at, Correction.id)
        .limit(MOST)
    )
