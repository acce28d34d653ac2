"""The statements that find and write which usage is billed by something else than it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text

from dashboard.extensions import db

# One statement, however many records: each record's service and price version as they are now
# against those it is billed by. Where several prices count it, it stays as it is: see
# `refuse_ambiguity`. What was accepted since the caller counted what waited is left alone: its turn
# comes when it is counted.
CHANGED = """
    with reported as (
        select records.*, off.key is not null as is_off
        from usage_records as records
        left join usage_taken_off as off using (organization_id, key, recorded_at)
        where records.organization_id = :organization and records.meter = :meter
          and records.recorded_at >= :since
          and (off.reason is null or off.reason = 'not_attached')
          and not exists (
              select from usage_waiting as waiting
              where waiting.organization_id = :organization
                and waiting.received_at = records.received_at
                and waiting.price_version_id = records.price_version_id
                and waiting.service_id is not distinct from records.service_id
                and waiting.day = cast(records.recorded_at at time zone 'UTC' as date))
    ), attached as (
        select reported.key, count(distinct services.price_id) as prices,
               min(services.price_id) as price_id,
               case when count(*) = 1 then min(services.id) end as service_id
        from reported
        join services on services.organization_id = :organization
          and services.attached_at <= reported.recorded_at
          and {ends} > reported.recorded_at
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
    )"""
SHIFTED = """
    select cycle_id, case when not is_off then price_version_id end as from_version, service_id,
           to_version, to_service, cast(recorded_at at time zone 'UTC' as date) as day,
           count(*) as records, sum(quantity) as quantity
    from changed group by 1, 2, 3, 4, 5, 6
"""
ENDS = "coalesce(services.detached_at, 'infinity')"
WRITTEN = """, taken_off as (
        insert into usage_taken_off
            (organization_id, key, recorded_at, reason, service_id, taken_off_at)
        select organization_id, key, recorded_at, 'not_attached',
               coalesce(cast(:service as bigint), service_id, (
                   select max(services.id) from services
                   join prices on prices.id = services.price_id
                   where services.organization_id = :organization and prices.meter = :meter)),
               :now
        from changed where to_version is null
    ), put_back as (
        delete from usage_taken_off as off using changed
        where off.organization_id = changed.organization_id and off.key = changed.key
          and off.recorded_at = changed.recorded_at and changed.is_off
    ), moved as (
        update usage_records as records set service_id = to_service, price_version_id = to_version
        from changed
        where records.organization_id = changed.organization_id and records.key = changed.key
          and records.recorded_at = changed.recorded_at and to_version is not null
    )
"""
REASSIGN = text(CHANGED.format(ends=ENDS) + WRITTEN + SHIFTED)
# The same for who only looks, as if a service had ended at an instant already.
LOOK = text(
    CHANGED.format(ends=f"case when services.id = :service then :ended_at else {ENDS} end")
    + SHIFTED
)


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
          where off.organization_id = records.organization_id and off.key = records.key
            and off.recorded_at = records.recorded_at)
""")


@dataclass(frozen=True, slots=True)
class Metered:
    """The records of an organization and a meter that were recorded from `since` on."""

    organization: int
    meter: str
    since: datetime


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


def shift_usage(of: Metered, *, by: int | None, now: datetime) -> list[Shift]:
    """Write what these records are billed by now; return what that shifts.

    `by`: the service whose change did it, to be named with what is taken off. Without it that is
    the one that it was billed by.
    """
    rows = db.session.execute(REASSIGN, asdict(of) | {"service": by, "now": now})
    return [Shift(*row) for row in rows]


def look_at_shifts(of: Metered, *, service_id: int, ended_at: datetime) -> list[Shift]:
    """Return what the end of a service at an instant would shift; nothing is written."""
    told = asdict(of) | {"service": service_id, "ended_at": ended_at}
    return [Shift(*row) for row in db.session.execute(LOOK, told)]


def count_ambiguous(of: Metered, *, price_id: int) -> tuple[int, datetime | None]:
    """Return how many counted records could mean this price or another, and the newest of them."""
    count, newest = db.session.execute(AMBIGUOUS, asdict(of) | {"price": price_id}).one()
    return count, newest
