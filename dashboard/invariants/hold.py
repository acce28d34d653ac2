"""Hold the bills of an organization of which an invariant does not hold, until it does.

A draft goes on as it is: its facts still count and its changes are sent. What is held is the last
step, the issue. Whoever releases such an invoice has looked: it is held again only for what was
confirmed later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, func, or_, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold, take_off_hold
from dashboard.billing.policy import current_policy
from dashboard.extensions import db
from dashboard.invariants.known import BY_NAME
from dashboard.invariants.models import InvariantFinding
from dashboard.statement import any_of

DOES_NOT_ADD_UP = "does_not_add_up"


def why_not_issued(invoice: Invoice) -> str | None:
    """Return why an invoice must not be issued, for a person; None where it may."""
    if not current_policy().hold_when_broken:
        return None
    found = _standing([invoice.organization_id])
    if not found:
        return None
    released_at = _released_at(invoice)
    for one in found:
        if released_at is None or (one.confirmed_at and one.confirmed_at > released_at):
            return _reason(one)
    return None


def hold_and_let_go(
    confirmed: Sequence[InvariantFinding], organization_ids: Collection[int], *, now: datetime
) -> None:
    """Hold what is about to be issued of whoever a finding was confirmed of just now.

    What was held of others among these organizations goes on once all that stopped it holds again.
    """
    reasons: dict[int, str] = {}
    if current_policy().hold_when_broken:
        reasons = {
            one.organization_id: _reason(one) for one in confirmed if BY_NAME[one.invariant].stops
        }
    about_to_be_issued = _about_to_be_issued(organization_ids)
    held = {organization_id for _, organization_id, code in about_to_be_issued if code}
    broken = {one.organization_id for one in _standing(held)} if held else set()
    for invoice_id, organization_id, code in about_to_be_issued:
        if code is None and organization_id in reasons:
            invoice = lock_invoice(invoice_id)
            if invoice.parked_code is None and invoice.status == "sealed":
                put_on_hold(invoice, DOES_NOT_ADD_UP, reasons[organization_id], now=now)
        elif code is not None and organization_id not in broken:
            invoice = lock_invoice(invoice_id)
            if invoice.parked_code == DOES_NOT_ADD_UP:
                take_off_hold(invoice, now=now)


def _standing(organization_ids: Collection[int]) -> list[InvariantFinding]:
    """Return what stops these organizations' bills, the first found first."""
    query = select(InvariantFinding).where(
        InvariantFinding.organization_id == any_of(organization_ids, BigInteger),
        InvariantFinding.cleared_at.is_(None),
        InvariantFinding.confirmed_at.is_not(None),
    )
    rows = db.session.scalars(query.order_by(InvariantFinding.id))
    # One of another release is that release's own.
    return [one for one in rows if one.invariant in BY_NAME and BY_NAME[one.invariant].stops]


def _about_to_be_issued(
    organization_ids: Collection[int],
) -> Sequence[tuple[int, int, str | None]]:
    """Return the sealed invoices that are not held, or for this, in the order of their locks."""
    query = (
        select(Invoice.id, Invoice.organization_id, Invoice.parked_code)
        .where(
            Invoice.organization_id == any_of(organization_ids, BigInteger),
            Invoice.status == "sealed",
            or_(Invoice.parked_code.is_(None), Invoice.parked_code == DOES_NOT_ADD_UP),
        )
        .order_by(Invoice.organization_id, Invoice.id)
    )
    return [(one, whose, code) for one, whose, code in db.session.execute(query)]


def _released_at(invoice: Invoice) -> datetime | None:
    """Return when a person last released the invoice though it was held for this."""
    return db.session.scalar(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.organization_id == invoice.organization_id,
            AuditEntry.action == "invoice.released",
            AuditEntry.subject_id == invoice.id,
            AuditEntry.actor_kind.in_(("user", "token")),
            AuditEntry.facts["code"].astext == DOES_NOT_ADD_UP,
        )
    )


def _reason(finding: InvariantFinding) -> str:
    holds = BY_NAME[finding.invariant].holds.rstrip(".")
    example = finding.examples[0]["text"]
    return (
        f"The money does not add up here, so nothing was billed. What must hold: “{holds}”. "
        f"Found: {example} Have the cause fixed, and it continues automatically. If you release "
        "it, it is issued as it is."
    )
