"""The locks of the ledger, and their one order; docs/decisions/lock-order.md says why.

An invoice's items change only while its row is held. Whoever holds several rows took them in this
order, so that no two writers wait for each other:

    bulk actions or proposals, prices, organizations, invoices (by organization, then id),
    sync leases, sync runs, what hangs on these

All of them are taken here, `FOR NO KEY UPDATE`: a row that merely refers to a held one (an item, a
step, the next invoice) is then added without waiting for it. Only a price is also held `FOR SHARE`,
by those who may use it side by side.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Select, String, literal_column, select

from dashboard.billing.models import CHANGEABLE, Invoice
from dashboard.errors import Busy, NotFound
from dashboard.extensions import Model, db
from dashboard.rehearsal import rehearses
from dashboard.statement import Statement, parameter
from dashboard.transaction import once

_ATTEMPTS = 5
# In a session's `info`, by invoice: the versions of its row that the session knows.
_KNOWN = "known_versions"
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def for_change(query: Query, *, of: type[Model], wait: bool = True) -> Query:
    """Return `query` such that it locks the rows `of` that it reads, as they are now.

    Without `wait` it leaves out those that somebody else holds. A rehearsal locks nothing.
    """
    if rehearses():
        return query
    fresh = query.execution_options(populate_existing=True)
    return fresh.with_for_update(of=of, key_share=True, skip_locked=not wait)


def free_ones(query: Query, *, of: type[Model]) -> Query:
    """Return `query` such that it locks the rows `of` that nobody else holds, in a rehearsal too.

    For statements that are composed once, where what holds of the moment would hold for ever.
    """
    return query.with_for_update(of=of, key_share=True, skip_locked=True)


def lock_row(row: Model) -> None:
    """Lock the row of `row`, and read it as it is now."""
    if not rehearses():
        # Refreshing forgets what was changed in memory and not written yet.
        db.session.flush()
        db.session.refresh(row, with_for_update={"key_share": True})


def share_price(price: Model) -> None:
    """Read `price` as it is now, and keep versions from being added to it until the commit.

    Who attaches it rates by the versions there are; a version that is being added reaches only the
    services that are there. Without this neither would see the other.
    """
    if not rehearses():
        db.session.flush()
        db.session.refresh(price, with_for_update={"read": True})


def hold_invoice(invoice_id: int) -> None:
    """Lock the invoice's row, once in a transaction, writing nothing that is not written yet.

    Where nothing waits to be written it is read as it is now too: `read_held` then has it.
    """
    once(("held", invoice_id), lambda: _hold(invoice_id))


def read_held(invoice: Invoice) -> None:
    """Lock the invoice and read it as it is now, once in a transaction: nobody changes it then."""
    once(("read", invoice.id), lambda: lock_row(invoice))


def note_held(invoice_id: int, version: str, own_version: str) -> None:
    """Note that the present transaction holds the invoice's row, and has just read it all.

    `version` is which one that is, `own_version` the one that this transaction's writing makes.
    While the row has no other, it needs no second reading: nobody else wrote to it since.
    """
    once(("held", invoice_id), lambda: None)
    once(("read", invoice_id), lambda: None)
    _known_versions()[invoice_id] = frozenset((version, own_version))


def _hold(invoice_id: int) -> None:
    session = db.session()
    found = None if rehearses() else _HELD.row(invoice=invoice_id)
    if found is None:
        return
    version, own_version = tuple(found)
    if version not in _known_versions().get(invoice_id, ()):
        if session.new or session.dirty or session.deleted:
            return
        whole = select(Invoice).where(Invoice.id == invoice_id)
        session.scalars(whole, execution_options={"populate_existing": True}).all()
    note_held(invoice_id, version, own_version)


def _known_versions() -> dict[int, frozenset[str]]:
    known: dict[int, frozenset[str]] = db.session().info.setdefault(_KNOWN, {})
    return known


# PostgreSQL numbers each row's version by the transaction that wrote it.
VERSIONS = (
    literal_column("invoices.xmin::text", String).label("version"),
    literal_column("pg_current_xact_id()::xid::text", String).label("own_version"),
)
_HELD = Statement(
    select(*VERSIONS)
    .where(Invoice.id == parameter("invoice", BigInteger))
    .with_for_update(of=Invoice, key_share=True)
)


def lock_invoice(invoice_id: int) -> Invoice:
    """Return the invoice as it is now, its row locked for the transaction; raise NotFound."""
    query = select(Invoice).where(Invoice.id == invoice_id)
    invoice = db.session.scalar(for_change(query, of=Invoice))
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
    )
    return db.session.scalars(for_change(query, of=Invoice, wait=wait)).all()


def lock_open(
    organization_ids: Collection[int], *, after: int = 0, wait: bool = True
) -> Sequence[Invoice]:
    """Lock and return the draft and closing invoices of these organizations, as they are now.

    Only those `after` an invoice's id, for who holds that one already and concerns later ones.
    Without `wait` organizations are left out of which somebody else holds an invoice.
    A cycle that rolled while we waited has opened an invoice that was not asked for: then all
    locks are let go and taken again, which keeps their order. Raises Busy if that does not end.
    """
    wanted = _open(organization_ids, after)
    if rehearses():
        return db.session.scalars(wanted).all()
    if not wait:
        locked = _locked(wanted, wait=False)
        missed = _missed(locked, wanted)
        return [invoice for invoice in locked if invoice.organization_id not in missed]
    for _ in range(_ATTEMPTS):
        savepoint = db.session.begin_nested()
        locked = _locked(wanted)
        if not _missed(locked, wanted):
            savepoint.commit()
            return locked
        savepoint.rollback()
    raise Busy("The cycle is being rolled. Nothing was changed. Try again in a moment.")


def open_of(organization_id: int) -> Sequence[Invoice]:
    """Return an organization's draft and closing invoices, for who only looks: locks nothing."""
    return db.session.scalars(_open([organization_id], 0)).all()


def open_after(invoice: Invoice) -> Sequence[Invoice]:
    """Return the draft and closing invoices after one, for who only looks: locks nothing."""
    return db.session.scalars(_open([invoice.organization_id], invoice.id)).all()


def _locked(wanted: Select[Invoice], *, wait: bool = True) -> Sequence[Invoice]:
    return db.session.scalars(for_change(wanted, of=Invoice, wait=wait)).all()


def _missed(locked: Collection[Invoice], wanted: Select[Invoice]) -> set[int]:
    """Return the organizations of whose open invoices not all, or others, are `locked`."""
    columns = wanted.with_only_columns(Invoice.id, Invoice.organization_id)
    now_open = dict(db.session.execute(columns).all())
    held = {invoice.id: invoice.organization_id for invoice in locked}
    return {organization_id for _, organization_id in held.items() ^ now_open.items()}


def _open(organization_ids: Collection[int], after: int) -> Select[Invoice]:
    return (
        select(Invoice)
        .where(
            Invoice.organization_id.in_(organization_ids),
            Invoice.status.in_(CHANGEABLE),
            Invoice.id > after,
        )
        .order_by(Invoice.organization_id, Invoice.id)
    )
