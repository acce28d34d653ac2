"""End the proposals of which nothing is left to approve: their matter was settled, or is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from dashboard.approvals.changes import changes, stands
from dashboard.approvals.kinds import KINDS
from dashboard.approvals.locks import lock_moot
from dashboard.approvals.models import Proposal
from dashboard.approvals.propose import facts_of
from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.credit_room import CREDITABLE
from dashboard.billing.difference import CODES
from dashboard.billing.models import CHANGEABLE, Adjustment, Invoice
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.void_listing import ASKED_CENTS, WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine


def end_moot(*, now: datetime) -> int:
    """End the waiting proposals that can no longer be approved; return how many they were.

    Each keeps why. What can only be approved anew (another invoice, another basis) goes on waiting.
    """
    ended = 0
    for proposal in lock_moot(IS_MOOT):
        organization = db.session.get_one(Organization, proposal.organization_id)
        basis = KINDS[proposal.kind].basis(organization, proposal.terms)
        if stands(proposal, basis):
            continue
        proposal.state, proposal.decided_at = "expired", now
        proposal.answer = " ".join(changes(proposal, basis))
        facts = facts_of(proposal) | {"why": proposal.answer}
        write_entry("proposal.moot", proposal, SYSTEM, facts, now=now)
        ended += 1
    db.session.flush()
    return ended


def _number(name: str) -> ColumnElement[int]:
    return cast(Proposal.terms[name].astext, BigInteger)


_undone = aliased(Adjustment)
_line_stands = (
    select(AddedLine.id)
    .join(Invoice, Invoice.id == AddedLine.invoice_id)
    .where(
        AddedLine.id == _number("line_id"),
        AddedLine.decision.is_(None) | (AddedLine.decision == "leave"),
        AddedLine.amount_cents == Proposal.amount_cents,
        Invoice.status.in_(CHANGEABLE),
    )
    .exists()
)
_charge_stands = (
    select(Adjustment.id)
    .join(Invoice, Invoice.id == Adjustment.invoice_id)
    .where(
        Adjustment.id == _number("adjustment_id"),
        Invoice.status.in_(CHANGEABLE),
        ~select(_undone.id).where(_undone.reverses_id == Adjustment.id).exists(),
    )
    .exists()
)
_void_stands = (
    select(VoidCase.invoice_id)
    .join(Invoice, Invoice.id == VoidCase.invoice_id)
    .where(
        Invoice.organization_id == Proposal.organization_id,
        Invoice.sequence == _number("sequence"),
        *WAITS,
        Proposal.amount_cents == ASKED_CENTS,
    )
    .exists()
)
_issued_stands = (
    select(Invoice.id)
    .where(
        Invoice.organization_id == Proposal.organization_id,
        Invoice.sequence == _number("sequence"),
        Invoice.status.in_(CREDITABLE),
        ~select(Reissue.id)
        .where(Reissue.invoice_id == Invoice.id, Reissue.state == "done")
        .exists(),
    )
    .exists()
)
_difference_stands = (
    select(Invoice.id)
    .where(
        Invoice.organization_id == Proposal.organization_id,
        Invoice.sequence == _number("sequence"),
        Invoice.status.in_(CREDITABLE),
        Invoice.parked_code.in_(CODES),
    )
    .exists()
)
# What says so for certain is a kind's basis; this finds the few to ask of, in one statement.
_paid_stands = (
    select(Invoice.id)
    .where(
        Invoice.organization_id == Proposal.organization_id,
        Invoice.sequence == _number("sequence"),
        Invoice.status == "paid",
        # What went back since, or is asked back by a bank: the basis says whether enough is left.
        Invoice.refunded_cents + Invoice.disputed_cents + Invoice.charged_back_cents
        + func.coalesce(Invoice.post_payment_credit_notes_cents, 0) - Proposal.amount_cents
        <= func.coalesce(Invoice.amount_paid_cents, 0),
    )
    .exists()
)  # fmt: skip
IS_MOOT = or_(
    and_(Proposal.kind == "adopt", ~_line_stands),
    and_(Proposal.kind == "reversal", ~_charge_stands),
    and_(Proposal.kind == "void", ~_void_stands),
    and_(Proposal.kind == "reissue", ~_issued_stands),
    and_(Proposal.kind == "difference", ~_difference_stands),
    and_(Proposal.kind == "refund", ~_paid_stands),
)
