"""The statements that find and write which usage is billed by something else than it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.services.models import Service

# One statement, however many records: each record's service and price version as they are now
# against those it is billed by. Where several prices count it, it stays as it is: see
# `refuse_ambiguity`.
REASSIGN = text("""
    with reported as (
        select records.*, off.key is not null as is_off
        from usage_records as records
        left join usage_taken_off as off using (organization_id, key)
        where records.organization_id = :organization and records.meter = :meter
          and records.recorded_at >= :since
    ), attached as (
        select reported.key, count(distinct services.price_id) as prices,
               min(services.price_id) as price_id,
               case when count(*) = 1 then min(services.id) end as service_id
        from reported
        join services on services.organization_id = :organization
          and services.attached_at <= reported.recorded_at
          and coalesce(services.detached_at, 'infinity') > reported.recorded_at
          and (reported.named_service is null or reported.named_service = services.external_id)
        join prices on prices.id = services.price_id and prices.meter = :meter
        group by reported.key
    ), changed as (
        select reported.*, versions.id as to_version, attached.service_id as to_service
        from reported
        left join attached using (key)
        left join lateral (
            select id from price_versions
            where price_id = attached.price_id and effective_at <= reported.recorded_at
            order by effective_at desc limit 1
        ) as versions on true
        where coalesce(attached.prices, 0) < 2
          and (versions.id, attached.service_id) is distinct from
              (case when not is_off then price_version_id end,
               case when not is_off then reported.service_id end)
    ), taken_off as (
        insert into usage_taken_off
            (organization_id, key, recorded_at, reason, service_id, taken_off_at)
        select organization_id, key, recorded_at, 'not_attached', :service, :now
        from changed where to_version is null
    ), put_back as (
        delete from usage_taken_off as off using changed
        where off.organization_id = changed.organization_id and off.key = changed.key
          and changed.is_off
    ), moved as (
        update usage_records as records set service_id = to_service, price_version_id = to_version
        from changed
        where records.organization_id = changed.organization_id and records.key = changed.key
          and records.recorded_at = changed.recorded_at and to_version is not null
    )
    select cycle_id, case when not is_off then price_version_id end as from_version, service_id,
           to_version, to_service, cast(recorded_at at time zone 'UTC' as date) as day,
           count(*) as records, sum(quantity) as quantity
    from changed group by 1, 2, 3, 4, 5, 6
""")

DROP_EMPTY_TOTALS = text("""
    delete from usage_totals
    where organization_id = :organization and cycle_id = any(:cycles) and quantity = 0
""")

# Usage that named no service is counted only while one price of its meter is attached.
AMBIGUOUS = text("""
    select count(*), max(records.recorded_at)
    from usage_records as records
    join price_versions as versions on versions.id = records.price_version_id
    where records.organization_id = :organization and records.meter = :meter
      and records.recorded_at >= :since and records.named_service is null
      and versions.price_id <> :price
      and not exists (
          select from usage_taken_off as off
          where off.organization_id = records.organization_id and off.key = records.key)
""")


@dataclass(frozen=True, slots=True)
class Shift:
    """Records of one day that were billed by one thing and are by another (None: by nothing)."""

    cycle_id: int
    from_version: int | None
    from_service: int | None
    to_version: int | None
    to_service: int | None
    day: date
    records: int
    quantity: Decimal


def shift_usage(service: Service, *, since: datetime, now: datetime) -> list[Shift]:
    """Write what the records from `since` on are billed by now; return what that shifts."""
    asked = _facts(service, since) | {"service": service.id, "now": now}
    return [Shift(*row) for row in db.session.execute(REASSIGN, asked)]


def count_ambiguous(service: Service, *, since: datetime) -> tuple[int, datetime | None]:
    """Return how many counted records could mean `service` or another price, and the newest."""
    asked = _facts(service, since) | {"price": service.price_id}
    count, newest = db.session.execute(AMBIGUOUS, asked).one()
    return count, newest


def drop_empty_totals(organization_id: int, cycle_ids: set[int]) -> None:
    """Remove the daily totals of which nothing is left."""
    asked = {"organization": organization_id, "cycles": list(cycle_ids)}
    db.session.execute(DROP_EMPTY_TOTALS, asked)


def _facts(service: Service, since: datetime) -> dict[str, object]:
    return {
        "organization": service.organization_id,
        "meter": service.price.meter,
        "since": since,
    }
