"""Every operation of Stripe's API that the sandbox answers, named as in Stripe's document."""

from __future__ import annotations

from dashboard.sandbox import (
    customers,
    event_list,
    finalize,
    invoiceitems,
    invoices,
    lines,
    payment,
    payment_methods,
)
from dashboard.sandbox.state import Handler

OPERATIONS: dict[str, Handler] = {
    **customers.ROUTES,
    **payment_methods.ROUTES,
    **invoices.ROUTES,
    **lines.ROUTES,
    **invoiceitems.ROUTES,
    **finalize.ROUTES,
    **payment.ROUTES,
    **event_list.ROUTES,
}
