"""What the sub-systems report at a tick of the clock: decided by the tick alone.

A process that is started anew within the tick sends the same keys again, which count once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from demo.cast import ORGANIZATIONS
from demo.organizations import DemoOrganization
from demo.services import DemoService
from demo.usage import entry, noise

TICK_SECONDS = 4
# Usage that a report stands for. Reports of one service are 24 seconds apart on average: a little
# faster than the past days', so that totals move while one looks and forecasts stay sober.
REPORT_SECONDS = 60
# One in so many organizations reports at a tick.
ONE_IN = 3
# A change of services every so many ticks: five minutes.
CHANGE_EVERY = 75
REPORTING = tuple(one for one in ORGANIZATIONS if one.meters)
# Changing: small ones, where one more line is seen.
CHANGING = tuple(one for one in ORGANIZATIONS if 0 < len(one.services) < 20)


def tick_at(seconds: float) -> int:
    """Return the number of the tick that contains an instant, in seconds since 1970."""
    return int(seconds // TICK_SECONDS)


def instant(tick: int) -> datetime:
    """Return when a tick begins."""
    return datetime.fromtimestamp(tick * TICK_SECONDS, UTC)


def reports(tick: int) -> list[list[dict[str, Any]]]:
    """Return the batches of a tick, one for each organization that has anything to report."""
    turns = [one for number, one in enumerate(REPORTING) if (tick + number) % ONE_IN == 0]
    return [batch for one in turns if (batch := report_of(one, tick))]


def report_of(organization: DemoOrganization, tick: int) -> list[dict[str, Any]]:
    """Return the usage records of an organization at a tick, as the API takes them."""
    return [
        entry(organization, service, instant(tick), seconds=REPORT_SECONDS, origin="traffic")
        for service in organization.meters
        if is_busy(organization, service, tick)
    ]


def is_busy(organization: DemoOrganization, service: DemoService, tick: int) -> bool:
    """Whether a service has anything to report at a tick; about half of the time."""
    return noise(organization.slug, service.external_id, str(tick)) % 2 == 0


def changing(tick: int) -> DemoOrganization | None:
    """Return the organization that adds or ends a server at a tick, if one does."""
    turn, is_between = divmod(tick, CHANGE_EVERY)
    return None if is_between else CHANGING[turn % len(CHANGING)]
