"""Bill again what a void invoice held: its lines come back on the current invoice, each once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.audit.actor import Actor
from dashboard.billing.adjust import WAIVED, add_adjustment
from dashboard.billing.cause import Cause
from dashboard.billing.lines import Line, add_line
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.revision import touch_all
from dashboard.billing.void import rerate_after
from dashboard.billing.void_models import VoidCase, VoidClaim
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.rehearsal import rehearses


def end_case(
    case: VoidCase,
    state: str,
    locked: Collection[Invoice],
    *,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Bill what an undecided case asks for on the draft among `locked`, or write it off.

    `locked` are the open invoices after the void one, whose row is locked too.
    """
    invoice = case.invoice
    claims = claims_of(invoice)
    case.state = state
    case.decided_at, case.decided_by, case.reason = now, actor.label, reason
    draft = next(one for one in locked if one.status == "draft")
    is_billed = state == "billed"
    if is_billed:
        case.billed_on_id = draft.id
    cause = Cause("correction", now, actor, invoice.id)
    for claim in claims:
        if is_billed and claim.cents:
            line = add_line(draft, rebilled_line(claim.item, claim.cents, invoice), cause)
            # It is credited with the line (`_waive`), so it is not given back for another reason.
            line.credited_cents = min(claim.credited_cents, max(claim.cents, 0))
        # What is decided on is what was owed at that moment.
        claim.claimed_cents = claim.cents
    if is_billed:
        _waive(case, draft, actor, now)
    db.session.flush()
    changed = rerate_after([claim.item for claim in claims], locked, cause)
    touch_all({draft, *changed}, now=now)


def claims_of(invoice: Invoice) -> list[VoidClaim]:
    """Return the claims of a void invoice with their items, in the items' order."""
    if rehearses():
        made = [one for one in db.session.new if isinstance(one, VoidClaim)]
        claims = [one for one in made if one.case.invoice is invoice]
        return sorted(claims, key=lambda one: one.item.id)
    query = (
        select(VoidClaim)
        .where(VoidClaim.invoice_id == invoice.id)
        .options(joinedload(VoidClaim.item).joinedload(InvoiceItem.cycle))
        .order_by(VoidClaim.item_id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _waive(case: VoidCase, draft: Invoice, actor: Actor, now: datetime) -> None:
    """Credit with the lines what the customer was not asked for any more when it was voided."""
    waived = case.cents - case.asked_cents
    if waived:
        add_adjustment(
            draft,
            Money(-waived, draft.currency),
            description=waived_words(case.invoice),
            reason="A credit note or an edit at Stripe had taken it off before the void.",
            actor=actor,
            now=now,
            key=f"{WAIVED}{case.invoice_id}",
        )


def waived_words(void: Invoice) -> str:
    """Return what the line says that credits what had been taken off."""
    return f"Taken off {void.called} before it was voided"


def rebilled_line(item: InvoiceItem, cents: int, void: Invoice) -> Line:
    """Return the line that bills an item of a void invoice again, with its own period."""
    on = f" on {void.voided_at:%Y-%m-%d}" if void.voided_at else ""
    words = (
        f"It was on {void.called}, which was voided{on}, so it was not billed. It is billed here."
    )
    return line_again(item, cents, f"from void {void.called}", words)


def line_again(item: InvoiceItem, cents: int, source: str, words: str) -> Line:
    """Return the line that bills an item again; `words` explain it, `source` says from where."""
    return Line(
        kind="rebilled",
        key=f"rebilled:{item.id}",
        cycle_id=item.cycle_id,
        description=f"{item.description}, {source}",
        quantity=item.quantity,
        amount_cents=cents,
        period=Period(item.period_start, item.period_end),
        trace={"model": "rebilled", "words": [*item.trace.get("words", []), words]},
        price_version_id=item.price_version_id,
        service_id=item.service_id,
        carried_from_id=item.id,
    )
