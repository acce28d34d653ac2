"""Everything the current invoice's region shows, read once for the page and for each refresh."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.balance import balance_ahead, is_too_small
from dashboard.billing.forecast import Forecast, forecast
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.overview import items_of
from dashboard.sync.lines import LineSync, line_syncs
from dashboard.sync.status import SyncStatus, status_of, tag_of

FORECAST_MINUTES = 5


@dataclass(frozen=True, slots=True)
class LiveInvoice:
    """The invoice, its items, what it will come to and whether Stripe agrees.

    `ahead`: an earlier invoice and what it left on the balance at Stripe, owed (above zero) or
    credit, which this one asks for or is lowered by. `is_too_small`: for Stripe to charge.
    """

    invoice: Invoice
    items: Sequence[InvoiceItem]
    sync: SyncStatus
    lines: dict[int, LineSync]
    forecast: Forecast
    ahead: tuple[Invoice, int] | None
    is_too_small: bool


def live_invoice(invoice: Invoice, *, for_staff: bool, now: datetime) -> LiveInvoice:
    """Return what the region shows; a fixed number of queries, whatever the number of items."""
    # First: it reads the items afresh, and would drop the prices that items_of loads with them.
    expected = forecast(invoice, now=now)
    items = items_of(invoice)
    ahead = balance_ahead(invoice)
    return LiveInvoice(
        invoice,
        items,
        status_of(invoice),
        line_syncs(invoice, items) if for_staff else {},
        expected,
        ahead,
        is_too_small(invoice, ahead[1] if ahead else 0),
    )


def live_tag(invoice: Invoice, *, now: datetime) -> str:
    """Return the name of the state the region shows: equal tags mean equal regions.

    The forecast moves with the clock, so the tag changes every few minutes even when nothing else
    does.
    """
    facts = (
        invoice.id,
        invoice.status,
        invoice.revision,
        invoice.synced_revision,
        invoice.sync_failures,
        invoice.parked_code or "free",
        invoice.stripe_status or "none",
        invoice.amount_paid_cents or 0,
        invoice.amount_remaining_cents or 0,
        invoice.pre_payment_credit_notes_cents or 0,
        invoice.post_payment_credit_notes_cents or 0,
        invoice.refunded_cents,
        invoice.dispute_status or "undisputed",
        int(invoice.payment_failure is not None),
        int(invoice.last_synced_at.timestamp()) if invoice.last_synced_at else 0,
        int(now.timestamp()) // (FORECAST_MINUTES * 60),
    )
    return ".".join(str(fact) for fact in facts) + "." + tag_of(invoice)
