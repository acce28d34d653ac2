"""The statements that write a batch: one each, however many entries it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.usage.entry import UsageEntry
from dashboard.usage.resolve import Fact

OwnedKey = tuple[int, str]


class Counted(NamedTuple):
    """What a key stands for, and why its record was taken off since; None while it is billed."""

    fingerprint: str
    taken_off: str | None


class TotalKey(NamedTuple):
    """What a daily total is of."""

    organization_id: int
    cycle_id: int
    version_id: int
    service_id: int | None
    day: date


CLAIM_KEYS = text("""
    insert into usage_keys (organization_id, key, fingerprint, recorded_at)
    select * from unnest(
        cast(:organizations as bigint[]), cast(:keys as text[]),
        cast(:fingerprints as text[]), cast(:instants as timestamptz[]))
    on conflict do nothing
    returning organization_id, key
""")

READ_COUNTED = text("""
    select organization_id, key, fingerprint, reason from usage_keys
    join unnest(cast(:organizations as bigint[]), cast(:keys as text[]))
        as asked (organization_id, key) using (organization_id, key)
    left join usage_taken_off using (organization_id, key)
""")

ADD_RECORDS = text("""
    insert into usage_records (organization_id, key, recorded_at, meter, named_service, service_id,
                               price_version_id, cycle_id, quantity, received_at)
    select *, :now from unnest(
        cast(:organizations as bigint[]), cast(:keys as text[]), cast(:instants as timestamptz[]),
        cast(:meters as text[]), cast(:named as text[]), cast(:services as bigint[]),
        cast(:versions as bigint[]), cast(:cycles as bigint[]), cast(:quantities as numeric[]))
""")

ADD_TOTALS = text("""
    insert into usage_totals
        (organization_id, cycle_id, price_version_id, service_id, day, quantity)
    select * from unnest(
        cast(:organizations as bigint[]), cast(:cycles as bigint[]), cast(:versions as bigint[]),
        cast(:services as bigint[]), cast(:days as date[]), cast(:quantities as numeric[]))
    on conflict (organization_id, cycle_id, price_version_id, service_id, day)
    do update set quantity = usage_totals.quantity + excluded.quantity
""")


def claim_keys(entries: Collection[tuple[int, UsageEntry]]) -> set[OwnedKey]:
    """Write the keys of `entries` (with their organizations' ids); return those that were new."""
    rows = db.session.execute(
        CLAIM_KEYS,
        {
            "organizations": [organization_id for organization_id, _ in entries],
            "keys": [entry.key for _, entry in entries],
            "fingerprints": [entry.fingerprint for _, entry in entries],
            "instants": [entry.recorded_at for _, entry in entries],
        },
    )
    return {(organization_id, key) for organization_id, key in rows}


def read_counted(keys: Collection[OwnedKey]) -> dict[OwnedKey, Counted]:
    """Return what each of these keys was counted for."""
    if not keys:
        return {}
    rows = db.session.execute(
        READ_COUNTED, {"organizations": [one for one, _ in keys], "keys": [key for _, key in keys]}
    )
    return {(organization_id, key): Counted(*rest) for organization_id, key, *rest in rows}


def add_records(facts: Collection[Fact], *, now: datetime) -> None:
    """Write the records."""
    db.session.execute(
        ADD_RECORDS,
        {
            "now": now,
            "organizations": [fact.organization_id for fact in facts],
            "keys": [fact.entry.key for fact in facts],
            "instants": [fact.entry.recorded_at for fact in facts],
            "meters": [fact.entry.meter for fact in facts],
            "named": [fact.entry.service for fact in facts],
            "services": [fact.service_id for fact in facts],
            "versions": [fact.version.version.id for fact in facts],
            "cycles": [fact.cycle.id for fact in facts],
            "quantities": [fact.entry.quantity for fact in facts],
        },
    )


def totals_of(facts: Collection[Fact]) -> dict[TotalKey, Decimal]:
    """Return what the facts come to by day."""
    sums: dict[TotalKey, Decimal] = defaultdict(Decimal)
    for fact in facts:
        day = fact.entry.recorded_at.astimezone(UTC).date()
        version_id = fact.version.version.id
        key = TotalKey(fact.organization_id, fact.cycle.id, version_id, fact.service_id, day)
        sums[key] = EXACT.add(sums[key], fact.entry.quantity)
    return sums


def add_totals(sums: Mapping[TotalKey, Decimal]) -> None:
    """Add so much, which may be below zero, to the daily totals."""
    organizations, cycles, versions, services, days = zip(*sums, strict=True)
    db.session.execute(
        ADD_TOTALS,
        {
            "organizations": list(organizations),
            "cycles": list(cycles),
            "versions": list(versions),
            "services": list(services),
            "days": list(days),
            "quantities": list(sums.values()),
        },
    )
