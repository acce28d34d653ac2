"""An organization's earlier invoices that still need something, as the billing page lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, and_, or_, select

from dashboard.billing.lost_customer import customer_went
from dashboard.billing.models import Invoice
from dashboard.billing.overview import RECENT, UNFINISHED, shown_status
from dashboard.billing.void_listing import ASKED_CENTS, WAITS
from dashboard.billing.void_models import VoidCase
from dashboard.reading.opening import Draft
from dashboard.reading.rows import BilledOrganization
from dashboard.statement import Statement, parameter


class UnfinishedInvoice(NamedTuple):
    """Closing, sealed, open or uncollectible; or void, with cents that nobody decided on."""

    sequence: int
    number: str | None
    status: str
    currency: str
    period_start: datetime
    period_end: datetime
    total_cents: int
    due_at: datetime | None
    finalized_at: datetime | None
    parked_at: datetime | None
    payment_failure: str | None
    stripe_invoice_id: str | None
    undecided_cents: int | None


def unfinished_rows(
    organization: BilledOrganization, draft: Draft | None, *, now: datetime
) -> Sequence[tuple[UnfinishedInvoice, str, bool]]:
    """Return them with their shown status and whether they are off Stripe's portal, newest first.

    A statement only where there are any.
    """
    if draft is not None and not draft.around.has_unfinished:
        return []
    rows = map(UnfinishedInvoice._make, _UNFINISHED.rows(organization=organization.id))
    lost_at = organization.customer_lost_at
    return [
        (row, shown_status(row, now), customer_went(row.status, row.finalized_at, lost_at))
        for row in rows
    ]


_invoice = Invoice.__table__
_UNFINISHED = Statement(
    select(*(_invoice.c[name] for name in UnfinishedInvoice._fields[:-1]), ASKED_CENTS)
    .select_from(_invoice.outerjoin(VoidCase, VoidCase.invoice_id == _invoice.c.id))
    .where(
        _invoice.c.organization_id == parameter("organization", BigInteger),
        or_(_invoice.c.status.in_(UNFINISHED), and_(*WAITS)),
    )
    .order_by(_invoice.c.sequence.desc())
    .limit(RECENT)
)
