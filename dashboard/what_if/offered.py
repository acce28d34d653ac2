"""The prices that can be asked about beside those of the bill."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from dashboard.extensions import db
from dashboard.intervals import INTERVALS, times_in
from dashboard.pricing.models import Price

# Of a longer catalogue the first by name: a list of choices, not a search.
MOST = 200


def prices_offered(currency: str, known: Collection[int], interval: str) -> list[tuple[str, str]]:
    """Return the id and name of each price in `currency` that is not `known`, by name.

    Of fees those that can be billed in cycles of this `interval`.
    """
    fitting = [of for of in INTERVALS if times_in(of, interval)]
    query = (
        select(Price.id, Price.name, Price.unit_label)
        .where(Price.currency == currency, Price.id.not_in(known))
        .where(or_(Price.kind == "metered", Price.interval.in_(fitting)))
        .order_by(Price.name, Price.id)
        .limit(MOST)
    )
    return [
        (str(price_id), f"{name} ({unit})") for price_id, name, unit in db.session.execute(query)
    ]
