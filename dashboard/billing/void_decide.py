"""What becomes of what a void invoice held: billed again or written off, once, by a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.adjust import WAIVED, add_adjustment
from dashboard.billing.cause import Cause
from dashboard.billing.lines import Line, add_line
from dashboard.billing.locks import lock_invoice, lock_open
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.revision import touch_all
from dashboard.billing.roll import roll_over
from dashboard.billing.void import rerate_after
from dashboard.billing.void_models import VoidCase, VoidClaim
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
    claims = claims_of(invoice)
    case.state = DECISIONS[decision]
    case.decided_at, case.decided_by, case.reason = now, actor.label, reason.strip() or None
    draft = next(one for one in locked if one.status == "draft")
    if decision == "bill":
        case.billed_on_id = draft.id
    cause = Cause("correction", now, actor, invoice.id)
    for claim in claims:
        if decision == "bill" and claim.cents:
            line = add_line(draft, rebilled_line(claim.item, claim.cents, invoice), cause)
            # It is credited with the line (`_waive`), so it is not given back for another reason.
            line.credited_cents = min(claim.credited_cents, claim.cents)
        # What is decided on is what was owed at that moment.
        claim.claimed_cents = claim.cents
    if decision == "bill":
        _waive(case, draft, actor, now)
    db.session.flush()
    changed = rerate_after([claim.item for claim in claims], locked, cause)
    touch_all({draft, *changed}, now=now)
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


def claims_of(invoice: Invoice) -> list[VoidClaim]:
    """Return the claims of a void invoice with their items, in the items' order."""
    query = (
        select(VoidClaim)
        .where(VoidClaim.invoice_id == invoice.id)
        .options(joinedload(VoidClaim.item).joinedload(InvoiceItem.cycle))
        .order_by(VoidClaim.item_id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


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


def _waive(case: VoidCase, draft: Invoice, actor: Actor, now: datetime) -> None:
    """Credit with the lines what the customer was not asked for any more when it was voided."""
    waived = case.cents - case.asked_cents
    if waived:
        add_adjustment(
            draft,
            Money(-waived, draft.currency),
            description=f"Taken off {case.invoice.called} before it was voided",
            reason="A credit note or an edit at Stripe had taken it off before the void.",
            actor=actor,
            now=now,
            key=f"{WAIVED}{case.invoice_id}",
        )


def rebilled_line(item: InvoiceItem, cents: int, void: Invoice) -> Line:
    """Return the line that bills an item of a void invoice again, with its own period."""
    on = f" on {void.voided_at:%Y-%m-%d}" if void.voided_at else ""
    words = (
        f"It was on {void.called}, which was voided{on}, so it was not billed. It is billed here."
    )
    return Line(
        kind="rebilled",
        key=f"rebilled:{item.id}",
        cycle_id=item.cycle_id,
        description=f"{item.description}, from void {void.called}",
        quantity=item.quantity,
        amount_cents=cents,
        period=Period(item.period_start, item.period_end),
        trace={"model": "rebilled", "words": [*item.trace.get("words", []), words]},
        price_version_id=item.price_version_id,
        service_id=item.service_id,
        carried_from_id=item.id,
    )
