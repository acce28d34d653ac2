"""Writing one line of an invoice: only real changes get a new revision, and each its cause."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dashboard.billing.cause import Cause, beginning_of_hour
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.period import Period
from dashboard.billing.revision import next_revision
from dashboard.extensions import db

DESCRIPTION_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of an invoice shall say."""

    kind: str
    key: str
    cycle_id: int
    description: str
    quantity: Decimal
    amount_cents: int
    period: Period
    trace: dict[str, Any]
    price_version_id: int | None = None
    service_id: int | None = None
    carried_from_id: int | None = None


def recurring_key(cycle_id: int, service_id: int, version_id: int) -> str:
    """Return the key of the fee of a service under a price version for a cycle."""
    return f"recurring:{cycle_id}:{service_id}:{version_id}"


def metered_key(cycle_id: int, version_id: int) -> str:
    """Return the key of the usage of a price version in a cycle."""
    return f"metered:{cycle_id}:{version_id}"


def add_line(invoice: Invoice, line: Line, cause: Cause) -> InvoiceItem:
    """Add and return a new item on `invoice`, whose row must be locked."""
    item = InvoiceItem(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        kind=line.kind,
        key=line.key,
        carried_cents=0,
        credited_cents=0,
        reissued_cents=0,
        revision=next_revision(invoice),
        created_at=cause.at,
        **_contents(line),
    )
    note_change(item, cause)
    db.session.add(item)
    return item


def change_line(invoice: Invoice, item: InvoiceItem, line: Line, cause: Cause) -> bool:
    """Make `item` say what `line` says; return whether it said something else."""
    contents = _contents(line)
    if all(getattr(item, name) == value for name, value in contents.items()):
        return False
    bills_the_same = (item.quantity, item.amount_cents) == (line.quantity, line.amount_cents)
    for name, value in contents.items():
        setattr(item, name, value)
    item.revision, item.updated_at = next_revision(invoice), cause.at
    if not bills_the_same:
        note_change(item, cause)
    return True


def drop_line(item: InvoiceItem, cause: Cause) -> None:
    """Remove an item; that nothing of it is left is its last change."""
    item.quantity, item.amount_cents = Decimal(0), 0
    note_change(item, cause)
    # Only what was written is kept by the database as it goes; a rehearsal writes nothing.
    db.session.flush()
    db.session.delete(item)


def note_change(item: InvoiceItem, cause: Cause) -> None:
    """Let an item that bills something else bear the cause; the database keeps what was before.

    Usage of one hour is one change, as long as nothing else came between.
    """
    item.updated_at = cause.at
    began = item.changed_at if cause.kind == item.cause == "usage" else None
    if began is not None and began >= beginning_of_hour(cause.at):
        return
    item.changed_at, item.cause, item.cause_id = cause.at, cause.kind, cause.about_id
    by = cause.by
    item.actor_kind, item.actor_id, item.actor_label = (
        (by.kind, by.id, by.label) if by else (None, None, None)
    )


def _contents(line: Line) -> dict[str, Any]:
    return {
        "cycle_id": line.cycle_id,
        "price_version_id": line.price_version_id,
        "service_id": line.service_id,
        "carried_from_id": line.carried_from_id,
        "description": line.description[:DESCRIPTION_LENGTH],
        "quantity": line.quantity,
        "amount_cents": line.amount_cents,
        "period_start": line.period.start,
        "period_end": line.period.end,
        "trace": line.trace,
    }
