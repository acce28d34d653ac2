"""Lock and read what a batch of events is about, in the order of locks and in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import String, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from dashboard.billing.corrections import known_payments
from dashboard.billing.locks import for_change
from dashboard.billing.models import Invoice
from dashboard.extensions import Model, db
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.statement import any_of
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.echoes import own_keys
from dashboard.webhooks.held import Held
from dashboard.webhooks.subject import Subject

Row = TypeVar("Row", bound=Model)


def hold(told: Sequence[tuple[Delivery, Subject]]) -> tuple[Held, set[str]]:
    """Return what the events are about, locked, and the names of what somebody else holds now.

    Nobody is waited for: one long transaction must not hold up the events of everybody else.
    """
    subjects = [subject for _, subject in told]
    customers = {one.customer for one in subjects if one.customer is not None}
    bills = {one.invoice for one in subjects if one.invoice is not None}
    organizations, busy = _lock(Organization, Organization.stripe_customer_id, customers)
    invoices, more_busy = _lock(Invoice, Invoice.stripe_invoice_id, bills)
    payments = {one.payment for one in subjects if one.payment is not None}
    held = Held(
        installation=this_installation(),
        organizations=organizations,
        invoices=invoices,
        payments=known_payments(payments) if payments else {},
        keys=own_keys(delivery.idempotency_key for delivery, _ in told),
    )
    return held, busy | more_busy


def _lock(
    kind: type[Row], name: InstrumentedAttribute[str | None], wanted: Collection[str]
) -> tuple[dict[str, Row], set[str]]:
    if not wanted:
        return {}, set()
    order = (Invoice.organization_id, Invoice.id) if kind is Invoice else (Organization.id,)
    query = select(kind, name).where(name == any_of(wanted, String)).order_by(*order)
    if kind is Invoice:
        # Whose it is says whether anybody charges it: one by one that is a statement for each.
        query = query.options(joinedload(Invoice.organization, innerjoin=True))
    rows = db.session.execute(for_change(query, of=kind, wait=False))
    found = {str(called): row for row, called in rows}
    missing = set(wanted) - found.keys()
    there = select(name).where(name == any_of(missing, String))
    return found, {str(one) for one in db.session.scalars(there)} if missing else set()
