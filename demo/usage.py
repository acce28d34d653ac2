"""How much the demo organizations use: the same answer for the same instant, whenever asked.

Made of whole numbers and a hash, so that a second start reports what the first did, key for key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from demo.catalogue import DAILY_THOUSANDTHS, WHOLE
from demo.organizations import DemoOrganization
from demo.services import DemoService

DAY_SECONDS = 86_400
HISTORY_STEP = timedelta(hours=6)
# Percent of an ordinary day, Monday first, and of an ordinary hour for each quarter of the day.
WEEK = (105, 112, 118, 110, 104, 70, 62)
QUARTERS = (55, 110, 145, 90)


def quantity(
    organization: DemoOrganization,
    service: DemoService,
    at: datetime,
    seconds: int,
    percent: int = 100,
) -> Decimal:
    """Return the units of the service's meter used in `seconds` around `at`: exact, never 0.

    `percent` of what is usual in these days.
    """
    if service.meter is None:
        raise ValueError(f"{service.external_id} has no meter")
    percents = (
        organization.size_percent,
        percent,
        WEEK[at.weekday()],
        QUARTERS[at.hour // 6] if seconds < DAY_SECONDS else 100,
        75 + noise(organization.slug, service.external_id, at.isoformat()) % 51,
    )
    thousandths = DAILY_THOUSANDTHS[service.meter] * seconds // DAY_SECONDS
    for percent in percents:
        thousandths = thousandths * percent // 100
    if service.meter in WHOLE:
        return Decimal(max(1, thousandths // 1000))
    return Decimal(max(1, thousandths)) / 1000


def noise(*words: str) -> int:
    """Return a number that looks random and is the same for the same words."""
    return int.from_bytes(blake2b("\n".join(words).encode(), digest_size=4).digest())


def entry(
    organization: DemoOrganization,
    service: DemoService,
    at: datetime,
    *,
    seconds: int,
    origin: str,
    percent: int = 100,
) -> dict[str, Any]:
    """Return a usage record as the API takes it; its key names `origin`, the service and `at`."""
    return {
        "organization": organization.slug,
        "meter": service.meter,
        "service": service.external_id,
        "key": f"{origin}:{service.external_id}:{at:%Y%m%dT%H%M%SZ}",
        "quantity": f"{quantity(organization, service, at, seconds, percent):f}",
        "recorded_at": at.isoformat(),
    }


def history(
    organization: DemoOrganization, start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the usage of `[start, end)`, four records a day for each metered service."""
    seconds = int(HISTORY_STEP.total_seconds())
    for at in instants(start, end, HISTORY_STEP):
        for service in organization.meters:
            yield entry(organization, service, at, seconds=seconds, origin="history")


def instants(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield the middles of the steps, counted from midnight, that lie in `[start, end)`."""
    at = start.replace(hour=0, minute=0, second=0, microsecond=0) + step / 2
    while at < end:
        if at >= start:
            yield at
        at += step
