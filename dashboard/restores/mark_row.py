"""The row of the ledger's mark, and the object at Stripe that it speaks of."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteMark
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.restores.models import LedgerMark, held_for_change


def this_mark() -> LedgerMark:
    """Return the row, held until the commit; where there is none it is made.

    What it says of another installation is forgotten: this is a copy that became its own.
    """
    query = held_for_change(select(LedgerMark))
    found = db.session.scalar(query)
    if found is None:
        db.session.execute(insert(LedgerMark).values(id=1).on_conflict_do_nothing())
        found = db.session.scalars(query).one()
    identity = this_installation().identity
    if found.identity != identity:
        if found.identity is not None:
            forget(found)
        found.identity = identity
    return found


def forget(mark: LedgerMark) -> None:
    """Forget the object at Stripe and what is on it; the next mark makes another."""
    mark.stripe_id, mark.made_by, mark.names = None, None, []
    mark.pending, mark.accepts, mark.step_id = None, False, 0


def read_mark(gateway: Gateway, stripe_id: str) -> RemoteMark:
    """Return the object as Stripe has it, deleted where it is not there; raises `GatewayError`."""
    try:
        return gateway.mark(stripe_id)
    except Missing:
        return RemoteMark(stripe_id, frozenset(), is_deleted=True)
