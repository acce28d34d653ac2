"""Read invoices again that nobody told us of for long: the last resort where events were lost.

Back-fill lists events, of which Stripe keeps a month; what it cannot bring is found here, slowly,
within what an account may read (STRIPE_REREADS_PER_HOUR).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Select, select, union, update
from sqlalchemy.orm import aliased

from dashboard.audit.actor import STRIPE
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import for_change
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import LOST, put_on_hold, record_reading, take_off_hold
from dashboard.extensions import db
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.sync.request import hasten
from dashboard.sync.revisions import adopt, latest
from dashboard.webhooks.invoices import (
    begin_reconciliation,
    forget_deleted,
    note_move,
    stripe_acted_first,
)

UNPAID = ("open", "uncollectible")
UNFINISHED = ("draft", "closing", "sealed")


def longest_unread(*, most: int) -> list[int]:
    """Return the invoices to read next: what is unsettled or on hold first, then what is unpaid.

    Of both, what was read longest ago, so that in the end each has its turn.
    """
    read_at = Invoice.stripe_read_at
    unpaid = select(Invoice.id).where(Invoice.status.in_(UNPAID)).order_by(read_at, Invoice.id)
    # Those never read before the others by a query of their own: their index has them last.
    turns = (
        _unsettled().order_by(read_at.nulls_first(), Invoice.id),
        unpaid.where(read_at.is_(None)),
        unpaid.where(read_at.is_not(None)),
    )
    chosen: list[int] = []
    for query in turns:
        known = query.where(Invoice.stripe_invoice_id.is_not(None))
        chosen += db.session.scalars(known.limit(most - len(chosen)))
    return chosen


def reread(
    invoice_id: int, *, gateway: Gateway, checkpoint: Callable[[], None], now: datetime
) -> SyncRun | None:
    """Read one invoice and take over what Stripe says of it; return the sync it asks for.

    Raises `GatewayError`; it has had its turn all the same, or one would be in the way of all.
    """
    turn = update(Invoice).where(Invoice.id == invoice_id).values(stripe_read_at=now)
    stripe_id = db.session.scalar(
        turn.returning(Invoice.stripe_invoice_id),
        execution_options={"synchronize_session": False},
    )
    checkpoint()
    if stripe_id is None:
        return None
    try:
        remote = latest(gateway, gateway.invoice(stripe_id))
    except Missing:
        remote = None
    invoice = _still(invoice_id, stripe_id)
    if invoice is None:
        return None
    if remote is not None:
        found_again(invoice, now=now)
        return take_over(invoice, remote, now)
    if invoice.status in UNFINISHED:
        forget_deleted(invoice, now=now)
    elif invoice.status in UNPAID and invoice.parked_code is None:
        hold_lost(invoice, now=now)
    return None


def hold_lost(invoice: Invoice, *, now: datetime) -> None:
    """Hold an issued invoice that Stripe does not have: no one can pay it, or make it again."""
    put_on_hold(
        invoice,
        LOST,
        f"Stripe does not have {invoice.stripe_invoice_id} now, so no one can pay "
        f"{invoice.called}. Nothing was changed here. Check that STRIPE_API_KEY is of the "
        "account that issued it.",
        now=now,
    )


def found_again(invoice: Invoice, *, now: datetime) -> None:
    """Let an invoice go on that was held because Stripe did not have it."""
    if invoice.parked_code == LOST:
        take_off_hold(invoice, now=now, actor=STRIPE)


def take_over(invoice: Invoice, remote: RemoteInvoice, now: datetime) -> SyncRun | None:
    """Follow what a reading shows, as if the event that was lost had told it."""
    if remote.status == "draft":
        # Whatever is unsettled of a draft, its sync settles.
        return None
    if stripe_acted_first(invoice, remote):
        return begin_reconciliation(invoice, remote, now=now)
    before = invoice.status
    if remote.id != invoice.stripe_invoice_id and not adopt(invoice, remote, now=now):
        return None
    if record_reading(invoice, remote, now=now) == "moved":
        note_move(invoice, before, now=now)
        hasten({invoice.id})
    settle_difference(invoice, now=now)
    return None


def _still(invoice_id: int, stripe_id: str) -> Invoice | None:
    query = select(Invoice).where(Invoice.id == invoice_id, Invoice.stripe_invoice_id == stripe_id)
    return db.session.scalars(for_change(query, of=Invoice)).one_or_none()


def _unsettled() -> Select[int]:
    # Each of the two has an index of the few that are so.
    ids = union(
        select(_other.id).where(_other.parked_at.is_not(None)),
        select(SyncStep.invoice_id).where(SyncStep.outcome.is_(None)),
    )
    return select(Invoice.id).where(Invoice.status.in_(UNFINISHED), Invoice.id.in_(ids))


_other = aliased(Invoice)
