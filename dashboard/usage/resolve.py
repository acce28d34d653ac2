"""From what was reported to what is billed: an entry's cycle, price version and service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.billing.models import BillingCycle
from dashboard.billing.policy import current_policy
from dashboard.extensions import db
from dashboard.pricing.models import Price
from dashboard.pricing.versions import VersionWindow, load_windows
from dashboard.services.models import Service
from dashboard.usage.entry import Problem, UsageEntry


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry with everything it is billed by."""

    entry: UsageEntry
    organization_id: int
    cycle: BillingCycle
    version: VersionWindow
    service_id: int | None


class Unresolved(Exception):
    """An entry can not be billed."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.code, self.detail = field, code, detail

    def at(self, index: int) -> Problem:
        """Return the problem of the entry at `index`."""
        return Problem(index, self.field, self.code, self.detail)


class Books:
    """The cycles, metered services and price versions that a batch may touch; three queries."""

    def __init__(
        self, organization_ids: Collection[int], meters: Collection[str], *, now: datetime
    ) -> None:
        since = now - current_policy().max_age
        self._cycles: Mapping[int, Sequence[BillingCycle]] = _cycles(organization_ids, since)
        self._services: Mapping[tuple[int, str], list[Service]] = _services(
            organization_ids, meters
        )
        prices = {one.price_id for services in self._services.values() for one in services}
        self._windows = load_windows(prices)

    def fact(self, entry: UsageEntry, organization_id: int, *, now: datetime) -> Fact:
        """Return what `entry` is billed by; raise Unresolved, saying why not."""
        check_age(entry.recorded_at, now=now)
        cycle = self._cycle(organization_id, entry.recorded_at)
        service, price_id = self._service(organization_id, entry)
        version = self._version(price_id, entry)
        return Fact(entry, organization_id, cycle, version, service.id if service else None)

    def _cycle(self, organization_id: int, instant: datetime) -> BillingCycle:
        cycles = self._cycles.get(organization_id, [])
        for cycle in cycles:
            if cycle.starts_at <= instant < cycle.ends_at:
                return cycle
        if cycles and instant >= cycles[0].ends_at:
            opens = cycles[0].ends_at.isoformat()
            detail = f"Its cycle opens at {opens}. Send it again from then on."
            raise Unresolved("recorded_at", "cycle_not_open", detail)
        detail = "It lies before the organization's first cycle, which is the first that is billed."
        raise Unresolved("recorded_at", "before_first_cycle", detail)

    def _service(self, organization_id: int, entry: UsageEntry) -> tuple[Service | None, int]:
        named = [
            service
            for service in self._services.get((organization_id, entry.meter), [])
            if entry.service in (None, service.external_id)
        ]
        attached = [service for service in named if _is_attached(service, entry.recorded_at)]
        if not attached:
            raise _not_attached(entry, is_known=bool(named))
        prices = {service.price_id for service in attached}
        if len(prices) > 1:
            detail = f"Several prices count {entry.meter} for this organization. Name the service."
            raise Unresolved("service", "ambiguous_meter", detail)
        return (attached[0] if len(attached) == 1 else None), prices.pop()

    def _version(self, price_id: int, entry: UsageEntry) -> VersionWindow:
        for window in self._windows.get(price_id, []):
            if window.start <= entry.recorded_at < window.end:
                return window
        detail = f"{entry.meter} had no price yet at {entry.recorded_at.isoformat()}."
        raise Unresolved("recorded_at", "not_priced", detail)


def check_age(recorded_at: datetime, *, now: datetime) -> None:
    """Raise Unresolved for an instant too far back or ahead."""
    policy = current_policy()
    if recorded_at < now - policy.max_age:
        detail = f"It is more than {policy.usage_max_age_days} days old. Add a charge instead."
        raise Unresolved("recorded_at", "too_old", detail)
    if recorded_at > now + policy.max_skew:
        detail = f"It is more than {policy.usage_max_skew_seconds} seconds ahead of our clock."
        raise Unresolved("recorded_at", "too_far_ahead", detail)


def _not_attached(entry: UsageEntry, *, is_known: bool) -> Unresolved:
    if is_known:
        detail = f"{entry.meter} was not attached at {entry.recorded_at.isoformat()}."
        return Unresolved("recorded_at", "not_attached", detail)
    if entry.service is not None:
        detail = f"No service {entry.service} with the meter {entry.meter} was ever attached."
        return Unresolved("service", "unknown_service", detail)
    is_meter = db.session.scalar(select(Price.id).where(Price.meter == entry.meter).limit(1))
    if is_meter is None:
        return Unresolved("meter", "unknown_meter", f"No price counts the meter {entry.meter}.")
    detail = f"No service with the meter {entry.meter} was ever attached to the organization."
    return Unresolved("meter", "not_attached", detail)


def _is_attached(service: Service, instant: datetime) -> bool:
    ended = service.detached_at is not None and service.detached_at <= instant
    return service.attached_at <= instant and not ended


def _cycles(organization_ids: Collection[int], since: datetime) -> dict[int, list[BillingCycle]]:
    query = (
        select(BillingCycle)
        .where(BillingCycle.organization_id.in_(organization_ids), BillingCycle.ends_at > since)
        .order_by(BillingCycle.organization_id, BillingCycle.starts_at.desc())
    )
    cycles: dict[int, list[BillingCycle]] = defaultdict(list)
    for cycle in db.session.scalars(query):
        cycles[cycle.organization_id].append(cycle)
    return cycles


def _services(
    organization_ids: Collection[int], meters: Collection[str]
) -> dict[tuple[int, str], list[Service]]:
    query = (
        select(Service)
        .join(Service.price)
        .where(Service.organization_id.in_(organization_ids), Price.meter.in_(meters))
        .options(joinedload(Service.price))
    )
    services: dict[tuple[int, str], list[Service]] = defaultdict(list)
    # What we waited for may have detached a service that the session holds as it was.
    for service in db.session.scalars(query.execution_options(populate_existing=True)):
        services[service.organization_id, str(service.price.meter)].append(service)
    return services
