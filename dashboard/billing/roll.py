"""Rolling: from one invoice to the next, at the cycle's end by the clock or early by support."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.audit.write import write_entry
from dashboard.billing.close import close, seal_now
from dashboard.billing.current import current_draft
from dashboard.billing.fold import count_waiting
from dashboard.billing.locks import lock_open
from dashboard.billing.models import Invoice
from dashboard.billing.stuck import is_to_be_tried
from dashboard.errors import Conflict, Stale
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.rating import CannotRate
from dashboard.restores.held import check_not_held


class CycleCannotOpen(Conflict):
    """A fee cannot be rated, so the organization's next cycle cannot open; support must act."""

    code = "cycle_cannot_open"

    def __init__(self, organization: Organization, why: CannotRate) -> None:
        super().__init__(f"The next cycle of {organization.slug} cannot open. {why.message}")
        self.slug = organization.slug


class AlreadyRolled(Stale):
    """The invoice that was seen is no longer the current one."""


def roll_over(organization: Organization, *, now: datetime) -> Invoice:
    """Close every draft whose period is over at `now`; return the current one. Safe to repeat."""
    invoice = current_draft(organization.id)
    while invoice.period_end <= now:
        invoice = close(invoice, now=now)
    return invoice


def open_invoices(organizations: Collection[Organization], *, now: datetime) -> Sequence[Invoice]:
    """Lock and return the open invoices of these organizations, each rolled over to `now` first.

    What happens after a cycle's end belongs to the next one, also before the clock comes by. Raises
    CycleCannotOpen.
    """
    by_id = {organization.id: organization for organization in organizations}
    locked = lock_open(by_id.keys())
    over = [one for one in locked if one.status == "draft" and one.period_end <= now]
    for invoice in over:
        organization = by_id[invoice.organization_id]
        try:
            roll_over(organization, now=now)
        except CannotRate as why:
            raise CycleCannotOpen(organization, why) from why
    return lock_open(by_id.keys()) if over else locked


def roll_early(
    organization: Organization,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    invoice_id: int | None = None,
) -> Invoice:
    """Cut the current invoice at `now`, seal it for its final sync and return the next one.

    It is sealed without a grace: what arrives late is billed on the next invoice of the same
    nominal cycle. `invoice_id` is the invoice the actor saw; raises `AlreadyRolled` when that is no
    longer the current one, so a second click rolls nothing.
    """
    check_not_held()
    # What was accepted until now belongs to what is cut off.
    count_waiting(lock_open({organization.id}), now=now)
    invoice = current_draft(organization.id)
    if invoice_id not in (None, invoice.id):
        raise AlreadyRolled(
            "This cycle was already rolled. Nothing was changed. Open the current invoice."
        )
    if invoice.period_end <= now:
        return close(invoice, now=now)
    following = seal_now(invoice, now=now, by=actor)
    write_entry(
        "invoice.rolled",
        invoice,
        actor,
        {"total_cents": invoice.total_cents, "next_invoice_id": following.id},
        reason=reason,
        now=now,
    )
    return following


def was_rolled_by(invoice_id: int, *, reason: str, actor: Actor) -> bool:
    """Whether exactly this roll was done already: by the same actor, for the same reason."""
    entry = select(AuditEntry.id).where(
        AuditEntry.action == "invoice.rolled",
        AuditEntry.subject_id == invoice_id,
        AuditEntry.actor_kind == actor.kind,
        AuditEntry.actor_id == actor.id,
        AuditEntry.reason == reason,
    )
    return db.session.scalar(entry.limit(1)) is not None


def due_to_roll(*, now: datetime, most: int) -> list[int]:
    """Return the organizations whose current invoice is over, longest over first."""
    query = select(Invoice.organization_id).where(
        Invoice.status == "draft", Invoice.period_end <= now, is_to_be_tried(now)
    )
    return list(db.session.scalars(query.order_by(Invoice.period_end).limit(most)))
