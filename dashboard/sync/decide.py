"""What becomes of a line added at Stripe: take ours, adopt theirs, or leave. Support decides."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.adjust import ADOPTED, add_adjustment
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.errors import Invalid, InvoiceIsFrozen, NotFound, Stale
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine, SyncedLine

DECISIONS = ("take_ours", "adopt", "leave")
# Carried out by a sync, or in the ledger already: nothing takes them back.
FINAL = ("take_ours", "adopt")
DONE = {
    "take_ours": "the next sync removes it at Stripe",
    "adopt": "it is an adjustment of the invoice",
    "leave": "it stays at Stripe, and the invoice is on hold",
}
GONE = "That line is no longer on Stripe's draft. Nothing was changed. Reload the invoice."


def added_line(organization: Organization, line_id: int) -> AddedLine:
    """Return the organization's line added at Stripe; raises `NotFound`."""
    query = select(AddedLine).where(
        AddedLine.id == line_id, AddedLine.organization_id == organization.id
    )
    line = db.session.scalar(query)
    if line is None:
        raise NotFound(GONE)
    return line


def choices(line: AddedLine, invoice: Invoice) -> tuple[str, ...]:
    """Return the decisions that `decide_line` accepts now, the most usual one first.

    Leaving a line changes nothing at Stripe, so it can be decided anew. The other two are carried
    out at once: an adopted line is billed by the ledger, a removed one is gone.
    """
    if line.decision in FINAL or invoice.status in FINALIZED:
        return ()
    amount = Money(line.amount_cents, invoice.currency)
    # The ledger only holds what can be charged; see docs/decisions/what-can-be-charged.md.
    open_to_items = invoice.is_changeable and amount and amount.is_chargeable
    possible = ("take_ours", "adopt", "leave") if open_to_items else ("take_ours", "leave")
    return tuple(one for one in possible if one != line.decision)


class Seen(NamedTuple):
    """What stood when the actor looked: the decision, and the line's amount if it was shown."""

    decision: str | None = None
    cents: int | None = None


NOTHING = Seen()


def decide_line(
    line: AddedLine,
    decision: str,
    *,
    seen: Seen = NOTHING,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
) -> Invoice:
    """Record the decision and return the invoice, whose next verifying sync carries it out.

    Raises `Stale` when what was `seen` is otherwise by now, and `InvoiceIsFrozen` for what
    `choices` does not offer. The same decision again changes nothing.
    """
    if decision not in DECISIONS:
        raise Invalid(
            f"{decision!r} is not a decision. Nothing was changed. Choose one of the three."
        )
    invoice = lock_invoice(line.invoice_id)
    line = _as_now(line)
    if line.decision == decision:
        return invoice
    _check(line, invoice, decision, seen)
    facts = {
        "line_id": line.id,
        "decision": decision,
        "earlier": line.decision,
        "stripe_line_id": line.stripe_line_id,
        "description": line.description,
        "amount_cents": line.amount_cents,
    }
    line.decision = decision
    line.decided_at = now
    line.decided_by = actor.label
    if decision == "adopt":
        adopt(line, invoice, reason=reason, actor=actor, now=now)
    if decision != "leave":
        invoice.needs_verification = True
    write_entry("foreign_line.decided", invoice, actor, facts, reason=reason, now=now)
    return invoice


def _as_now(line: AddedLine) -> AddedLine:
    """Return the line as it is under the invoice's lock; a sync may have removed it meanwhile."""
    query = select(AddedLine).where(AddedLine.id == line.id)
    found = db.session.scalar(query, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound(GONE)
    return found


def _check(line: AddedLine, invoice: Invoice, decision: str, seen: Seen) -> None:
    if invoice.status in FINALIZED:
        raise InvoiceIsFrozen("The invoice is finalized. Nothing was changed. Credit it instead.")
    if seen.cents not in (None, line.amount_cents):
        raise Stale(
            "The amount of the line has changed at Stripe. Nothing was changed here. Check it, "
            "then decide."
        )
    if line.decision not in (None, seen.decision) or line.decision in FINAL:
        raise Stale(
            f"{line.decided_by} has already decided on this line: {DONE[str(line.decision)]}. "
            "Nothing was changed. Reload the invoice."
        )
    if decision not in choices(line, invoice):
        raise InvoiceIsFrozen(
            f"Invoice {invoice.sequence} takes no adjustment for this line. Nothing was changed. "
            "Remove the line, and charge it on the current invoice instead."
        )


def adopt(
    line: AddedLine, invoice: Invoice, *, reason: str | None, actor: Actor, now: datetime
) -> None:
    """Make the line an adjustment, agreed with Stripe already; the sync only marks it as ours."""
    adjustment = add_adjustment(
        invoice,
        Money(line.amount_cents, invoice.currency),
        reason=reason or "Adopted from Stripe's draft",
        description=line.description or "Adopted line",
        actor=actor,
        now=now,
        key=f"{ADOPTED}{line.stripe_line_id}",
    )
    db.session.add(
        SyncedLine(
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            key=f"adjustment:{adjustment.id}",
            stripe_line_id=line.stripe_line_id,
            amount_cents=line.amount_cents,
            description=line.description,
            period_start=now,
            period_end=now,
        )
    )
