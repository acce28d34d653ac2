"""Whether people let a bill be issued, as the API speaks of it; amounts in minor units, untaxed."""

from __future__ import annotations

from dashboard.api.schemas.types import Instant, Reason, Sent, Told
from dashboard.billing.models import Invoice
from dashboard.closing.people import APPROVAL_WANTED, open_hold, wanted_of, why_wait
from dashboard.money import Money


class HoldIn(Sent):
    """Why a bill is held."""

    reason: Reason


class ReleaseIn(Sent):
    """Why a bill is released."""

    reason: Reason | None = None


class IssueOut(Told):
    """What people want of a bill before it is issued.

    `limit_cents` is null where bills of its currency have no limit. `needs_approval` says that it
    waits for a person's approval, or would at the total it has now. The three of a hold are null
    where no person holds it.
    """

    invoice: int
    status: str
    currency: str
    total_cents: int
    limit_cents: int | None
    is_approved: bool
    needs_approval: bool
    held_by: str | None
    held_reason: str | None
    held_at: Instant | None

    @classmethod
    def of(cls, invoice: Invoice) -> IssueOut:
        """Read a bill; two statements."""
        wanted, held = wanted_of(invoice), open_hold(invoice.id)
        total = Money(invoice.total_cents, invoice.currency)
        found = why_wait(wanted._replace(held_by=None), total)
        is_unissued = invoice.status in ("draft", "closing", "sealed")
        return cls(
            invoice=invoice.sequence,
            status=invoice.status,
            currency=invoice.currency,
            total_cents=invoice.total_cents,
            limit_cents=wanted.limit_cents,
            is_approved=wanted.is_approved,
            needs_approval=is_unissued and found is not None and found[0] == APPROVAL_WANTED,
            held_by=held.held_by if held else None,
            held_reason=held.reason if held else None,
            held_at=held.held_at if held else None,
        )
