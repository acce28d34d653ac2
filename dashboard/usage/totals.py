"""The daily totals: what an organization used, by cycle, price version, service and UTC day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text

from dashboard.extensions import db


class TotalKey(NamedTuple):
    """What a daily total is of."""

    organization_id: int
    cycle_id: int
    version_id: int
    service_id: int | None
    day: date


ADD_TOTALS = text("""
    insert into usage_totals
        (organization_id, cycle_id, price_version_id, service_id, day, quantity)
    select * from unnest(
        cast(:organizations as bigint[]), cast(:cycles as bigint[]), cast(:versions as bigint[]),
        cast(:services as bigint[]), cast(:days as date[]), cast(:quantities as numeric[]))
    on conflict (organization_id, cycle_id, price_version_id, service_id, day)
    do update set quantity = usage_totals.quantity + excluded.quantity
""")

DROP_EMPTY_TOTALS = text("""
    delete from usage_totals
    where organization_id = :organization and cycle_id = any(:cycles) and quantity = 0
""")


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


def drop_empty_totals(organization_id: int, cycle_ids: set[int]) -> None:
    """Remove the daily totals of which nothing is left."""
    asked = {"organization": organization_id, "cycles": list(cycle_ids)}
    db.session.execute(DROP_EMPTY_TOTALS, asked)
