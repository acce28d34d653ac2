"""What Stripe told of an organization's customer, invoices and payments.

An event bears no organization: it is found by Stripe's names of what is ours. Of each name the
newest are looked up along an index, so a name of which there are thousands costs no more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.reading.timeline.happening import Event, Happening
from dashboard.reading.timeline.wanted import Window
from dashboard.webhooks.models import WebhookEvent

SOURCE = "events"
OF = frozenset({"events"})
# Of the newest invoices: what is older has long been settled, and its events are forgotten in time.
MOST_INVOICES = 40
# Written out, as the index has it.
IGNORED: ColumnElement[str] = literal_column("'ignored'")


def read_events(window: Window) -> list[Happening]:
    """Return the newest events of a window; echoes of our own calls are none of them."""
    return [
        Happening(event.at, window.rank, event.id, SOURCE, "events", event)
        for event in map(Event._make, db.session.execute(_query(window)))
    ]


def _query(window: Window) -> Select[Any]:
    names = _names(window.wanted.organization_id)
    of = WebhookEvent
    newest = (
        select(of.id, of.received_at, of.created_at, of.type, of.state, of.result, of.error)
        .where(
            of.about == names.c.name,
            of.state != IGNORED,
            *window.holds(of.received_at, of.id),
        )
        .order_by(of.received_at.desc(), of.id.desc())
        .limit(window.size)
        .lateral("newest")
    )
    return (
        select(newest, names.c.sequence, names.c.number)
        .select_from(names)
        .join(newest, true())
        .order_by(newest.c.received_at.desc(), newest.c.id.desc())
        .limit(window.size)
    )


def _names(organization_id: int) -> Subquery:
    """Return Stripe's names of the customer, of the newest invoices, and of what pays them."""
    invoices = (
        select(Invoice.id, Invoice.stripe_invoice_id, Invoice.sequence, Invoice.number)
        .where(Invoice.organization_id == organization_id)
        .order_by(Invoice.sequence.desc())
        .limit(MOST_INVOICES)
        .cte("own")
    )
    customer: Any = select(
        Organization.stripe_customer_id.label("name"),
        null().label("sequence"),
        null().label("number"),
    ).where(Organization.id == organization_id)
    issued: Any = select(invoices.c.stripe_invoice_id, invoices.c.sequence, invoices.c.number)
    paying: Any = select(InvoicePayment.paid_by, invoices.c.sequence, invoices.c.number).join(
        invoices, invoices.c.id == InvoicePayment.invoice_id
    )
    every = union_all(customer, issued, paying).subquery("every")
    known = select(
        every.c.name, func.max(every.c.sequence).label("sequence"),
        func.max(every.c.number).label("number"),
    ).where(every.c.name.is_not(None))  # fmt: skip
    return known.group_by(every.c.name).subquery("names")
