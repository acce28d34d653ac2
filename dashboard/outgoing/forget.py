"""Events are kept for so long, and then forgotten with what became of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from dashboard.extensions import db
from dashboard.outgoing.models import OutgoingEvent


def forget_told(place: int, *, before: datetime, most: int) -> int | None:
    """Delete what happened before an instant, of the next events; return where to go on."""
    query = select(OutgoingEvent.id, OutgoingEvent.created_at).where(OutgoingEvent.id > place)
    found = db.session.execute(query.order_by(OutgoingEvent.id).limit(most)).all()
    old = [one.id for one in found if one.created_at < before]
    if old:
        db.session.execute(
            delete(OutgoingEvent).where(OutgoingEvent.id.in_(old)),
            execution_options={"synchronize_session": False},
        )
    # They are in the order in which they were written: behind the first that is kept all are.
    return found[-1].id if len(old) == most else None
