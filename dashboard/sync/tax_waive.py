"""Let a bill go without the tax that it was to have: a person says so, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import LEFT_UNTAXED, take_off_hold
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.sync.taxed import NO_TAX_LOCATION, TAX_DIFFERS

WAITS = (NO_TAX_LOCATION, TAX_DIFFERS)


def held_for_tax(organization_id: int) -> Sequence[Invoice]:
    """Return the bills of an organization that are held for their tax, the oldest first."""
    query = select(Invoice).where(
        Invoice.organization_id == organization_id,
        Invoice.parked_code.in_((*WAITS, LEFT_UNTAXED)),
    )
    return db.session.scalars(query.order_by(Invoice.id)).all()


def waive_tax(invoice: Invoice, *, reason: str, actor: Actor, now: datetime) -> SyncRun | None:
    """Issue a held bill without tax, or leave one so that Stripe issued without; once.

    Return the sync that issues it, for the caller to hand on after the commit; None where there is
    nothing to send, as for one that goes without already.
    Raises `Conflict` for a bill that is not held for its tax.
    """
    invoice = lock_invoice(invoice.id)
    if not invoice.automatic_tax:
        return None
    is_issued = invoice.status in FINALIZED
    if invoice.parked_code not in ((LEFT_UNTAXED,) if is_issued else WAITS):
        raise Conflict(
            "That bill is not held for its tax. Nothing was changed. Reload the page; for the "
            "bills to come, switch automatic tax off."
        )
    invoice.automatic_tax = False
    facts = {"sequence": invoice.sequence, "code": invoice.parked_code}
    write_entry("invoice.tax_waived", invoice, actor, facts, reason=reason, now=now)
    take_off_hold(invoice, now=now, actor=actor)
    if is_issued:
        # Behind the hold there may be a difference that is not decided on.
        settle_difference(invoice, now=now)
        return None
    return request_sync(invoice, Request("final", actor, verify=True), now=now)
