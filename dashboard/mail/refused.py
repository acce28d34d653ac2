"""Addresses that a server refused for good: no mail about a bill is sent to them any more.

A mark ends when the organization's or the person's address is another, or when a person takes it
off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import String, delete, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.mail.models import RefusedAddress
from dashboard.statement import any_of

LONGEST_REASON = 300


def note_refused(
    address: str, reason: str, *, told_by: Literal["server", "report"], now: datetime
) -> None:
    """Mark an address; of one that is marked already the first reason stays."""
    row = {
        "address": address.lower(),
        "reason": reason[:LONGEST_REASON],
        "told_by": told_by,
        "noted_at": now,
    }
    db.session.execute(insert(RefusedAddress).values(row).on_conflict_do_nothing())


def accept_again(address: str) -> bool:
    """Take the mark off an address; return whether it had one."""
    marked = delete(RefusedAddress).where(RefusedAddress.address == address.lower())
    return db.session.scalar(marked.returning(RefusedAddress.address)) is not None


def refused_among(addresses: Collection[str]) -> Sequence[RefusedAddress]:
    """Return those of some addresses that are marked."""
    query = select(RefusedAddress).where(
        RefusedAddress.address == any_of([one.lower() for one in addresses], String)
    )
    return db.session.scalars(query.order_by(RefusedAddress.address)).all()
