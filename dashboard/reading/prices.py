"""The versions of prices, as they are rated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import ARRAY, BigInteger, any_, select

from dashboard.pricing.models import Price, PriceVersion
from dashboard.reading.rows import Version
from dashboard.statement import Statement, parameter


def versions_of(price_ids: Iterable[int]) -> Iterator[Version]:
    """Return all versions of these prices, price by price, the earliest first; one statement."""
    wanted = list(price_ids)
    return map(Version._make, _VERSIONS.rows(prices=wanted)) if wanted else iter(())


_version = PriceVersion.__table__
_VERSIONS = Statement(
    select(
        *(_version.c[name] for name in Version._fields[:-2]),
        Price.currency,
        Price.unit_label,
    )
    .join_from(_version, Price, Price.id == _version.c.price_id)
    .where(_version.c.price_id == any_(parameter("prices", ARRAY(BigInteger))))
    .order_by(_version.c.price_id, _version.c.effective_at)
)
