"""Every operation of Stripe's API that the simulator answers, named as in Stripe's document."""

from __future__ import annotations

from simulator.engine.state import Handler
from simulator.resources import (
    balances,
    credit_notes,
    customers,
    disputes,
    event_list,
    finalize,
    invoiceitems,
    invoices,
    lines,
    payment,
    payment_methods,
    payments_list,
    portal,
    refunds,
    subscriptions,
    tax_ids,
)

OPERATIONS: dict[str, Handler] = {
    **customers.ROUTES,
    **balances.ROUTES,
    **tax_ids.ROUTES,
    **payment_methods.ROUTES,
    **invoices.ROUTES,
    **lines.ROUTES,
    **invoiceitems.ROUTES,
    **finalize.ROUTES,
    **payment.ROUTES,
    **payments_list.ROUTES,
    **credit_notes.ROUTES,
    **refunds.ROUTES,
    **disputes.ROUTES,
    **portal.ROUTES,
    **subscriptions.ROUTES,
    **event_list.ROUTES,
}
