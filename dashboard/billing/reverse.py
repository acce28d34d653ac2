"""Reverse a charge or a credit while its invoice can still change: an equal opposite entry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    String,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from dashboard.audit.actor import Actor
from dashboard.billing.adjust import REVERSED, add_adjustment, item_key
from dashboard.billing.difference import corrected_by, settle_difference
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import CHANGEABLE, Adjustment, Invoice
from dashboard.errors import Conflict, InvoiceIsFrozen
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.lookup import own_row
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import major_text

LONGEST = 500


def adjustment_of(organization: Organization, adjustment_id: int) -> Adjustment:
    """Return the organization's charge or credit; raises `NotFound`."""
    missing = f"{organization.slug} has no charge or credit {adjustment_id}."
    return own_row(Adjustment, organization, adjustment_id, missing)


def reversal_of(adjustment: Adjustment) -> Adjustment | None:
    """Return what reversed a charge or credit, None while it stands."""
    query = select(Adjustment).where(Adjustment.reverses_id == adjustment.id)
    return db.session.scalar(query, execution_options={"populate_existing": True})


def links_of(adjustments: Collection[Adjustment]) -> dict[int, Adjustment]:
    """Return what reversed each of these, or what it reverses, by its own id."""
    ids = [one.id for one in adjustments]
    of = [one.reverses_id for one in adjustments if one.reverses_id is not None]
    query = select(Adjustment).where(or_(Adjustment.reverses_id.in_(ids), Adjustment.id.in_(of)))
    links: dict[int, Adjustment] = {}
    found = {one.id: one for one in db.session.scalars(query)}
    for one in found.values():
        if one.reverses_id in ids:
            links[one.reverses_id] = one
    return links | {one.id: found[one.reverses_id] for one in adjustments if one.reverses_id}


def reverses_key(item: FromClause) -> ColumnElement[str]:
    """Return the column with the key of the item that an item reverses; null of all others."""
    made = Adjustment.__table__.alias("reversing")
    number = cast(func.substr(item.c.key, len(item_key(0))), BigInteger)
    of = select(literal(item_key(0)[:-1]) + cast(made.c.reverses_id, String)).where(
        made.c.id == number, made.c.reverses_id.is_not(None)
    )
    is_one = (item.c.kind == "adjustment") & item.c.key.regexp_match(f"^{item_key(0)[:-1]}[0-9]+$")
    return case((is_one, of.scalar_subquery()))


def reversible_among(adjustments: Collection[Adjustment]) -> set[int]:
    """Return the ids of those that can be reversed as far as their invoices go."""
    of = {one.invoice_id for one in adjustments}
    open_ids = select(Invoice.id).where(Invoice.id.in_(of), Invoice.status.in_(CHANGEABLE))
    changeable = set(db.session.scalars(open_ids))
    return {
        one.id for one in adjustments if one.invoice_id in changeable and one.reverses_id is None
    }


def may_reverse(adjustment: Adjustment, invoice: Invoice) -> bool:
    """Whether it can be reversed as far as its invoice goes; whether it was is asked apart."""
    return adjustment.reverses_id is None and invoice.is_changeable


def why_it_stays(adjustment: Adjustment, invoice: Invoice) -> str:
    """Return why it cannot be reversed, and what to do instead."""
    if adjustment.reverses_id is not None:
        return (
            "This reverses another charge or credit itself. Nothing was changed. Add a new charge "
            "or credit instead."
        )
    what, verb = ("credit", "Charge") if adjustment.amount_cents < 0 else ("charge", "Credit")
    amount = major_text(Decimal(abs(adjustment.amount_cents)), invoice.currency)
    return (
        f"The {what} is on {invoice.called}, which is {invoice.status} and can no longer change. "
        f"Nothing was changed. {verb} {amount} on the current invoice instead."
    )


def reverse_adjustment(
    adjustment: Adjustment, *, reason: str, actor: Actor, now: datetime
) -> Adjustment:
    """Put the opposite on the same invoice, linked with what it reverses; repeated it is one.

    Raises `InvoiceIsFrozen` once the invoice is sealed, and `Conflict` for a reversal itself.
    """
    corrected = corrected_by(adjustment)
    if corrected is not None:
        # The older invoice first, which may be held again.
        lock_invoice(corrected.invoice_id)
    invoice = lock_invoice(adjustment.invoice_id)
    made = reversal_of(adjustment)
    if made is not None:
        return made
    if adjustment.reverses_id is not None:
        raise Conflict(why_it_stays(adjustment, invoice))
    if not invoice.is_changeable:
        raise InvoiceIsFrozen(why_it_stays(adjustment, invoice))
    made = add_adjustment(
        invoice,
        -Money(adjustment.amount_cents, invoice.currency),
        reason=reason,
        description=f"Reversal: {adjustment.description}"[:LONGEST],
        actor=actor,
        now=now,
        key=f"{REVERSED}{adjustment.id}",
        reverses_id=adjustment.id,
    )
    if corrected is not None:
        settle_difference(corrected.invoice, now=now)
    return made
