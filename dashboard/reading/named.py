"""What pages call the things that an entry of the audit trail is about, read together."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import BigInteger, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.statement import any_of


class NamedInvoice(NamedTuple):
    """Whose invoice it is, and what people call it."""

    slug: str
    sequence: int
    number: str | None


def invoices_named(ids: Collection[int]) -> dict[int, NamedInvoice]:
    """Return these invoices by id: one statement, none for none."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(Invoice.id, Organization.slug, Invoice.sequence, Invoice.number)
        .join(Organization, Organization.id == Invoice.organization_id)
        .where(Invoice.id == any_of(ids, BigInteger))
    )
    return {row[0]: NamedInvoice(*row[1:]) for row in rows}


def prices_named(ids: Collection[int]) -> dict[int, str]:
    """Return the codes of these prices by id: one statement, none for none."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(Price.id, Price.code).where(Price.id == any_of(ids, BigInteger))
    )
    return dict(rows.all())
