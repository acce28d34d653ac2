"""Usage that is accepted and waits to be counted: what of it there is, and taking it.

A row is what one request brought of a price version, service and day. It is written together with
the records and their keys, and goes in the transaction that puts its units on the bill, so a crash
on either side leaves it whole. Only who holds the organization's open invoices takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.extensions import db
from dashboard.usage.models import UsageWaiting


class Taken(NamedTuple):
    """Units of one price version in one cycle that are to go on the bill.

    `doubtful_since`: the first day of those that were accepted before the organization's services
    changed, so that they may be billed by what was not attached; None for none.
    """

    organization_id: int
    cycle_id: int
    price_version_id: int
    quantity: Decimal
    doubtful_since: date | None


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """What waits of one price in one cycle: it is rated together."""

    organization_id: int
    cycle_id: int
    version_ids: tuple[int, ...]


# All that waits of some organizations, or one count of it.
OF_ALL = "organization_id = any(:organizations)"
OF_COUNT = """
    organization_id = :organization and cycle_id = :cycle and price_version_id = any(:versions)
"""
# One statement, whatever it takes: the rows go, the daily totals move, and the sums come back.
TAKE = """
    with taken as (
        delete from usage_waiting where {which} returning *
    ), days as (
        insert into usage_totals
            (organization_id, cycle_id, price_version_id, service_id, day, quantity)
        select organization_id, cycle_id, price_version_id, service_id, day, sum(quantity)
        from taken group by 1, 2, 3, 4, 5
        on conflict (organization_id, cycle_id, price_version_id, service_id, day)
        do update set quantity = usage_totals.quantity + excluded.quantity
    )
    select taken.organization_id, cycle_id, price_version_id, sum(quantity),
           min(day) filter (where taken.services_revision < organizations.services_revision)
    from taken join organizations on organizations.id = taken.organization_id
    group by 1, 2, 3 order by 1, 2, 3
"""
TAKE_ALL, TAKE_COUNT = text(TAKE.format(which=OF_ALL)), text(TAKE.format(which=OF_COUNT))

COUNTS = text("""
    select organization_id, cycle_id, array_agg(distinct price_version_id)
    from usage_waiting join price_versions on price_versions.id = price_version_id
    where organization_id = any(:organizations)
    group by organization_id, cycle_id, price_id order by 1, 2, price_id
""")

REFUSE = text(f"""
    with taken as (
        delete from usage_waiting where {OF_COUNT} returning *
    )
    insert into usage_taken_off
        (organization_id, key, recorded_at, reason, service_id, taken_off_at)
    select organization_id, key, recorded_at, :reason,
           coalesce(service_id, (
               select max(services.id) from services
               join price_versions using (price_id)
               where services.organization_id = records.organization_id
                 and price_versions.id = price_version_id)),
           :now
    from usage_records as records
    where {OF_COUNT} and exists (
        select from taken
        where taken.price_version_id = records.price_version_id
          and taken.service_id is not distinct from records.service_id
          and taken.day = cast(records.recorded_at at time zone 'UTC' as date)
          and taken.received_at = records.received_at)
    on conflict do nothing
""")  # noqa: S608  its parts are the constants above

# From one organization to the next along the key, so that it does not read every row of each.
ORGANIZATIONS = text("""
    with recursive found as (
        (select organization_id from usage_waiting order by organization_id limit 1)
        union all
        select (select organization_id from usage_waiting
                where organization_id > found.organization_id
                order by organization_id limit 1)
        from found where found.organization_id is not null
    )
    select organization_id from found where organization_id is not null limit :most
""")


def waits_of(
    organization_id: ColumnElement[int] | InstrumentedAttribute[int] | int,
) -> ColumnElement[bool]:
    """Return the condition that usage of this organization waits; for a query's columns.

    It costs one look at an index that is nearly empty, a few microseconds; in a query of its own
    the round trip is what it costs.
    """
    return exists().where(UsageWaiting.organization_id == organization_id)


def is_waiting(organization_ids: Collection[int]) -> bool:
    """Whether usage of one of these organizations waits."""
    mine = UsageWaiting.organization_id.in_(organization_ids)
    return bool(db.session.scalar(select(exists().where(mine))))


def organizations_waiting(*, most: int) -> list[int]:
    """Return organizations of which usage waits, in order."""
    return list(db.session.scalars(ORGANIZATIONS, {"most": most}))


def counts_waiting(organization_ids: Collection[int]) -> list[WaitingCount]:
    """Return what waits of these organizations, apart by price and cycle."""
    rows = db.session.execute(COUNTS, {"organizations": list(organization_ids)})
    return [WaitingCount(one, cycle, tuple(versions)) for one, cycle, versions in rows]


def take(organization_ids: Collection[int]) -> Sequence[Taken]:
    """Take what waits of these organizations, whose open invoices are held, into the totals."""
    rows = db.session.execute(TAKE_ALL, {"organizations": list(organization_ids)})
    return [Taken._make(row) for row in rows]


def take_count(count: WaitingCount) -> Sequence[Taken]:
    """Take only what waits of one price in one cycle."""
    return [Taken._make(row) for row in db.session.execute(TAKE_COUNT, _asked(count))]


def refuse(count: WaitingCount, reason: str, *, now: datetime) -> None:
    """Take what waits of one price in one cycle off the bill; the records stay, with the reason."""
    db.session.execute(REFUSE, _asked(count) | {"reason": reason, "now": now})


def _asked(count: WaitingCount) -> dict[str, object]:
    return {
        "organization": count.organization_id,
        "cycle": count.cycle_id,
        "versions": list(count.version_ids),
    }
