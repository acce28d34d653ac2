"""The locks of the ledger: an invoice's items change only while its row is held.

Everybody takes them in the same order, by organization and then by id, so that no two writers wait
for each other.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select

from dashboard.billing.models import CHANGEABLE, Invoice
from dashboard.errors import Busy, NotFound
from dashboard.extensions import db

_ATTEMPTS = 5


def lock_invoice(invoice_id: int) -> Invoice:
    """Return the invoice as it is now, its row locked for the transaction; raise NotFound."""
    query = select(Invoice).where(Invoice.id == invoice_id).with_for_update(of=Invoice)
    invoice = db.session.scalar(query.execution_options(populate_existing=True))
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}. Nothing was changed.")
    return invoice


def lock_invoices(invoice_ids: Collection[int], *, wait: bool = True) -> Sequence[Invoice]:
    """Lock and return these invoices, as they are now; those that do not exist are left out.

    Without `wait` so are those that somebody else is changing: the clock comes by again, and one
    organization's long transaction must not hold up the others.
    """
    query = (
        select(Invoice)
        .where(Invoice.id.in_(invoice_ids))
        .order_by(Invoice.organization_id, Invoice.id)
        .with_for_update(of=Invoice, skip_locked=not wait)
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def lock_open(organization_ids: Collection[int]) -> Sequence[Invoice]:
    """Lock and return the draft and closing invoices of these organizations, as they are now.

    A cycle that rolled while we waited has opened an invoice that was not asked for: then all
    locks are let go and taken again, which keeps their order. Raises Busy if that does not end.
    """
    for _ in range(_ATTEMPTS):
        savepoint = db.session.begin_nested()
        query = _open(organization_ids).with_for_update(of=Invoice)
        locked = db.session.scalars(query.execution_options(populate_existing=True)).all()
        now_open = db.session.scalars(_open(organization_ids).with_only_columns(Invoice.id)).all()
        if [invoice.id for invoice in locked] == list(now_open):
            savepoint.commit()
            return locked
        savepoint.rollback()
    raise Busy("The cycle is being rolled. Nothing was changed. Try again in a moment.")


def _open(organization_ids: Collection[int]) -> Select[Invoice]:
    return (
        select(Invoice)
        .where(Invoice.organization_id.in_(organization_ids), Invoice.status.in_(CHANGEABLE))
        .order_by(Invoice.organization_id, Invoice.id)
    )
