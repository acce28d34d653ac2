"""Read an invoice's lines at Stripe because somebody asked, and keep what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.records import RemoteLine
from dashboard.sync.compare import Finding, State
from dashboard.sync.naming import recognize
from dashboard.sync.reading_models import StripeReading
from dashboard.sync.snapshot import Snapshot, glance


def keep_reading(
    invoice: Invoice, stripe_invoice_id: str, lines: Sequence[RemoteLine], *, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keep the lines that were read, in the place of older ones; a reading changes nothing else."""
    values = {
        "invoice_id": invoice.id,
        "organization_id": invoice.organization_id,
        "stripe_invoice_id": stripe_invoice_id,
        "lines": [_to_json(line) for line in lines],
        "read_at": now,
        "read_by": actor.label,
    }
    added = insert(StripeReading).values(values)
    newer = {name: added.excluded[name] for name in values if name != "invoice_id"}
    db.session.execute(
        added.on_conflict_do_update(
            index_elements=["invoice_id"],
            set_=newer,
            # Of two people who read at once the later reading stays.
            where=StripeReading.read_at <= added.excluded.read_at,
        )
    )


def reading_of(invoice: Invoice) -> StripeReading | None:
    """Return what was last read of the invoice, None if nobody read it as it is called now."""
    found = db.session.get(StripeReading, invoice.id, populate_existing=True)
    is_of_it = found is not None and found.stripe_invoice_id == invoice.stripe_invoice_id
    return found if is_of_it else None


def three_sides(invoice: Invoice) -> tuple[list[Finding], StripeReading | None]:
    """Return every line of the ledger, of what was agreed and of what was last read, classed.

    Stripe is not asked. Where nobody read it since the last sync wrote to it, what was agreed is
    taken for what is there.
    """
    snapshot, reading = glance(invoice), reading_of(invoice)
    if reading is None or is_overtaken(reading, invoice):
        return list(_without_stripe(snapshot)), reading
    read = recognize(invoice.id, lines_of(reading))
    return list(snapshot.compare(read).findings), reading


def is_overtaken(reading: StripeReading, invoice: Invoice) -> bool:
    """Whether a sync has written to Stripe since it was read: nothing is compared with that."""
    return invoice.last_synced_at is not None and reading.read_at < invoice.last_synced_at


def _without_stripe(snapshot: Snapshot) -> Iterator[Finding]:
    ours = {line.key: line for line in snapshot.desired}
    agreed = {one.content.key: one.content for one in snapshot.synced}
    for key in dict.fromkeys((*ours, *agreed)):
        line, known = ours.get(key), agreed.get(key)
        state: State = "equal" if line == known else "we_changed"
        yield Finding(state, key, None, line, known, known)


def lines_of(reading: StripeReading) -> list[RemoteLine]:
    """Return the lines as they were read."""
    return [_from_json(line) for line in reading.lines]


def _to_json(line: RemoteLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "key": line.key,
        "old_key": line.old_key,
        "amount_cents": line.amount_cents,
        "description": line.description,
        "period_start": line.period_start.isoformat(),
        "period_end": line.period_end.isoformat(),
    }


def _from_json(line: dict[str, Any]) -> RemoteLine:
    instants = {name: datetime.fromisoformat(line[name]) for name in ("period_start", "period_end")}
    return RemoteLine(**(line | instants))
