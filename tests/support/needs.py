"""What needs a person, found without the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.needs.found import Found
from dashboard.needs.kinds import KINDS
from dashboard.needs.look import look
from dashboard.needs.models import Need
from dashboard.transaction import transaction


def look_now(
    *, now: datetime | None = None, told: Mapping[str, list[Found] | None] | None = None
) -> list[Need]:
    """Look as the clock does, and return what is open then, most money first."""
    with transaction():
        look(now=now or utc_now(), told=told or {})
    query = select(Need).where(Need.settled_at.is_(None))
    order = (Need.weight.desc(), Need.since, Need.id)
    return list(db.session.scalars(query.order_by(*order)))


def sentences() -> list[str]:
    """Return the word and the sentence of whatever is found now, most money first."""
    return [f"{KINDS[one.kind].word}: {KINDS[one.kind].sentence(one.facts)}" for one in look_now()]


def on_hold() -> list[str]:
    """Return the ids of the invoices that are found to be on hold."""
    return [one.subject for one in look_now() if one.kind == "on_hold"]
