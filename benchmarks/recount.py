"""Working the ledger out anew: records a second, and the memory that it takes at the most."""

from __future__ import annotations

import resource
from datetime import timedelta
from time import perf_counter

from flask import Flask
from sqlalchemy import select, text

from benchmarks.registry import Figure, benchmark
from dashboard.billing.fold import fold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.recount.runs import recount_or_say_why
from dashboard.transaction import transaction
from tests.factories import MeteredPriceFactory, make_organization, make_service

# One organization has a quarter of all records: it is worked out in one piece.
RECORDS, ORGANIZATIONS, LARGEST = 10**6, 40, 250_000
SCAN = text("select count(*), sum(quantity) from usage_records where organization_id = :id")
# As `usage.record` would have written them, a thousand times faster.
FILL = text("""
    with sent as (
        select n, timestamptz 'epoch' + (:from + n % :seconds) * interval '1 second' as at
        from generate_series(1, :number) as n
    ), claimed as (
        insert into usage_keys (organization_id, key, fingerprint, recorded_at)
        select :id, 'key-' || n, md5(n::text), at from sent
    ), records as (
        insert into usage_records (organization_id, key, recorded_at, meter, service_id,
                                   price_version_id, cycle_id, quantity, received_at)
        select :id, 'key-' || n, at, 'recounted', services.id, :version, cycles.id, 1, now()
        from sent, services, billing_cycles as cycles
        where services.organization_id = :id and cycles.organization_id = :id
        returning *
    )
    insert into usage_waiting (organization_id, cycle_id, price_version_id, service_id, day,
                               quantity, services_revision, received_at)
    select organization_id, cycle_id, price_version_id, service_id,
           (recorded_at at time zone 'UTC')::date, sum(quantity), services_revision, received_at
    from records join organizations on organizations.id = organization_id
    group by 1, 2, 3, 4, 5, services_revision, received_at
""")


@benchmark("ledger_verify", "ledger_verify_memory_mb")
def ledger_verify(_app: Flask) -> list[Figure]:
    """Work a million records out anew, beside a bare pass over them."""
    ids = _fill()
    began = perf_counter()
    for one in ids:
        with transaction():
            db.session.execute(SCAN, {"id": one}).one()
    floor = RECORDS / (perf_counter() - began)
    before = _peak_mb()
    began = perf_counter()
    found = [recount_or_say_why(one) for one in ids]
    a_second = sum(one.records for one in found) / (perf_counter() - began)
    wrong = [str(difference) for one in found for difference in one.differences]
    if wrong or sum(one.records for one in found) != RECORDS:
        raise AssertionError(wrong)
    return [
        Figure("ledger_verify", a_second, "records/s", RECORDS, floor=floor),
        Figure("ledger_verify_memory_mb", _peak_mb() - before, "MB above before", 1, bound=64),
    ]


def _fill() -> list[int]:
    now = utc_now()
    began = now - timedelta(days=20)
    with transaction():
        price = MeteredPriceFactory(code="recounted", meter="recounted")
        version = price.versions[0].id
        for number in range(ORGANIZATIONS):
            organization = make_organization(f"recounted-{number}", anchor=began, now=began)
            make_service(organization, price, now=began, at=began)
        ids = list(db.session.scalars(select(Organization.id).order_by(Organization.id)))
    rest = (RECORDS - LARGEST) // (len(ids) - 1)
    for index, one in enumerate(ids):
        number = LARGEST if index == 0 else rest
        if index == len(ids) - 1:
            number = RECORDS - LARGEST - rest * (len(ids) - 2)
        asked = {
            "id": one, "number": number, "version": version,
            "from": int(began.timestamp()), "seconds": int((now - began).total_seconds()),
        }  # fmt: skip
        with transaction():
            db.session.execute(FILL, asked)
        with transaction():
            fold([one], now=now)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    return ids


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
