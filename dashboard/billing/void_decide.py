"""What becomes of what a void invoice held: billed again or written off, once, by a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_over
from dashboard.billing.void_bill import end_case
from dashboard.billing.void_models import VoidCase
from dashboard.errors import Invalid, NotFound, Stale
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.pricing.exact import major_text

DECISIONS = {"bill": "billed", "write_off": "written_off"}


def decide_void(
    invoice: Invoice, decision: str, *, seen: Money | None, reason: str, actor: Actor, now: datetime
) -> VoidCase:
    """Bill what a void invoice held on the current invoice, or write it off; return the case.

    The same decision again changes nothing. Raises `Stale` when somebody decided otherwise or the
    amount is not the one `seen`, `NotFound` where there is no case, `Invalid` without a reason to
    write off.
    """
    if decision not in DECISIONS:
        raise Invalid(
            f"{decision!r} is not a decision. Nothing was changed. Send bill or write_off.",
            field="decision",
        )
    if decision == "write_off" and not reason.strip():
        raise Invalid(
            "A write-off needs a reason. Nothing was changed. Enter one; it is kept in the audit "
            "trail.",
            field="reason",
        )
    lock_invoice(invoice.id)
    # Before the roll, which would begin with the draft: a closing one comes first.
    lock_open({invoice.organization_id}, after=invoice.id)
    roll_over(invoice.organization, now=now)
    locked = lock_open({invoice.organization_id}, after=invoice.id)
    case = case_of(invoice)
    if case.state == DECISIONS[decision]:
        return case
    _check(case, seen)
    end_case(case, DECISIONS[decision], locked, reason=reason.strip() or None, actor=actor, now=now)
    facts = {"cents": case.asked_cents, "billed_on_id": case.billed_on_id}
    write_entry(f"invoice.void_{case.state}", invoice, actor, facts, reason=case.reason, now=now)
    return case


def case_of(invoice: Invoice) -> VoidCase:
    """Return the case of a void invoice as it is now; raise `NotFound`."""
    query = select(VoidCase).where(VoidCase.invoice_id == invoice.id)
    case = db.session.scalar(query.execution_options(populate_existing=True))
    if case is None:
        raise NotFound(
            f"Nothing on {invoice.called} needs a decision: it is {invoice.status}. Nothing was "
            "changed."
        )
    return case


def outcome_words(case: VoidCase) -> str:
    """Return what was decided, as the middle of a sentence."""
    if case.billed_on is not None:
        return f"it is billed on {case.billed_on.called}"
    return "it is written off"


def _check(case: VoidCase, seen: Money | None) -> None:
    if case.state != "undecided":
        raise Stale(
            f"{case.decided_by} has already decided: {outcome_words(case)}. Nothing was changed. "
            "Reload the invoice."
        )
    if seen is not None and seen.cents != case.asked_cents:
        left = major_text(Decimal(case.asked_cents), seen.currency)
        raise Stale(
            f"The amount to decide on is now {left}. Nothing was changed. Check it and decide "
            "again."
        )
