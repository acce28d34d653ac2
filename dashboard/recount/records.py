"""The record that explains a difference: looked for only where there is one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, text

from dashboard.pricing.exact import grouped
from dashboard.recount.facts import Facts
from dashboard.recount.usage import Sum, Usage

FIRST = text("""
    select key, recorded_at, quantity from usage_records as records
    where organization_id = :organization and meter = :meter
      and cast(recorded_at at time zone 'UTC' as date) = :day
      and width_bucket(recorded_at, :bounds) = :stretch
      and named_service is not distinct from :named
      and cycle_id = :cycle and price_version_id = :version
      and service_id is not distinct from :service
      and (not :unclaimed or not exists (
            select from usage_keys as keys where keys.organization_id = records.organization_id
              and keys.key = records.key and keys.recorded_at = records.recorded_at))
    order by recorded_at, key limit 1
""")
OF_DAY = text("""
    select key, recorded_at, quantity from usage_records
    where organization_id = :organization and price_version_id = :version
      and recorded_at >= cast(:day as timestamptz)
      and recorded_at < cast(:day as timestamptz) + interval '1 day'
      and not exists (
          select from usage_taken_off as off where off.organization_id = :organization
            and off.key = usage_records.key and off.recorded_at = usage_records.recorded_at)
    order by quantity is distinct from :apart, recorded_at, key limit 1
""")


class Record(NamedTuple):
    """A usage record, to be named."""

    key: str
    recorded_at: datetime
    quantity: Decimal

    def __str__(self) -> str:
        units = grouped(self.quantity)
        return f"record {self.key} of {self.recorded_at:%Y-%m-%d %H:%M:%S} UTC ({units} units)"


def first_of(connection: Connection, facts: Facts, usage: Usage, one: Sum) -> Record | None:
    """Return the first record of a sum."""
    row = connection.execute(FIRST, {
        "organization": facts.id, "meter": one.meter, "day": one.day, "bounds": usage.bounds,
        "stretch": one.stretch, "named": one.named, "cycle": one.cycle_id,
        "version": one.version_id, "service": one.service_id, "unclaimed": one.is_unclaimed,
    }).first()  # fmt: skip
    return Record(*row) if row else None


def record_of_day(
    connection: Connection, facts: Facts, version_id: int, day: date, apart: Decimal
) -> Record | None:
    """Return a record of a version and day that is `apart` by itself, or else the first one."""
    midnight = datetime.combine(day, time.min, UTC)
    row = connection.execute(OF_DAY, {
        "organization": facts.id, "version": version_id, "apart": abs(apart),
        "day": midnight,
    }).first()  # fmt: skip
    return Record(*row) if row else None
