"""Look whether the invariants hold, some organizations at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, text

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.known import INVARIANTS
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import major_text, plain
from dashboard.transaction import transaction

# So many organizations are read in one statement: each holds one moment, and few rows in memory.
SLICE = 200

Side = Decimal | datetime | int | None


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where an invariant does not hold; amounts are in minor units of `currency`."""

    invariant: Invariant
    organization_id: int
    slug: str
    # Of the invoice that it is about, if it is about one.
    sequence: int | None
    subject: str
    currency: str | None
    said: Side
    found: Side
    why: str = ""

    def __str__(self) -> str:
        said, found = (_shown(side, self.currency) for side in (self.said, self.found))
        names = self.invariant
        told = f"{self.slug}, {self.subject}: {names.said} {said}, {names.found} {found}."
        return f"{told} {self.why}" if self.why else told


def look_at(
    organization_ids: Collection[int], *, now: datetime, only: Sequence[Invariant] = INVARIANTS
) -> list[Broken]:
    """Return what does not hold of these organizations; a statement for each invariant."""
    wanted = {"organizations": list(organization_ids), "now": now}
    return [
        Broken(invariant, *row)
        for invariant in only
        for row in db.session.execute(text(invariant.sql), wanted)
    ]


def look_at_all() -> Iterator[tuple[int, Sequence[Broken]]]:
    """Yield of each slice of organizations how many these are, and what does not hold of them."""
    last = 0
    while True:
        with transaction():
            query = select(Organization.id).where(Organization.id > last)
            ids = db.session.scalars(query.order_by(Organization.id).limit(SLICE)).all()
            found = look_at(ids, now=utc_now()) if ids else []
        if not ids:
            return
        yield len(ids), found
        last = ids[-1]


def _shown(side: Side, currency: str | None) -> str:
    if side is None:
        return "none"
    if isinstance(side, datetime):
        return f"{side:%Y-%m-%d %H:%M:%S} UTC"
    number = Decimal(side)
    return major_text(number, currency) if currency else plain(number)
