"""The keys of lines that the first release made: its name for them may be anybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from dashboard.billing.models import InvoiceItem
from dashboard.extensions import db
from dashboard.gateway.records import RemoteLine
from dashboard.sync.models import SyncedLine, SyncStep


def recognize(invoice_id: int, lines: Sequence[RemoteLine]) -> list[RemoteLine]:
    """Return `lines`, those with a key under its old name only taken for ours where we know it.

    Another application's line is foreign: it is never deleted without a person's decision.
    """
    if not any(line.key is None and line.old_key is not None for line in lines):
        return list(lines)
    known = known_keys(invoice_id)
    return [
        replace(line, key=line.old_key) if line.key is None and line.old_key in known else line
        for line in lines
    ]


def known_keys(invoice_id: int) -> set[str]:
    """Return every key that a line of this invoice can have: owed, agreed, or on its way."""
    items = select(InvoiceItem.key).where(InvoiceItem.invoice_id == invoice_id)
    agreed = select(SyncedLine.key).where(SyncedLine.invoice_id == invoice_id)
    under_way = select(SyncStep.body).where(
        SyncStep.invoice_id == invoice_id, SyncStep.outcome.is_(None)
    )
    bodies = db.session.scalars(under_way)
    # Lines of a credit note, say, have no keys.
    sent = (line["key"] for body in bodies for line in body.get("lines", ()) if "key" in line)
    return {*db.session.scalars(items.union_all(agreed)), *sent}
