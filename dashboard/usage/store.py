"""The statements that write a batch, and that read what its keys stand for."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from dashboard.extensions import db
from dashboard.few import Few
from dashboard.usage import arrays
from dashboard.usage.books import Books
from dashboard.usage.resolve import ResolvedRecord

# Of large batches PostgreSQL writes so many of a process at a time: a dozen at once take as long in
# all, and whoever counts them would get a dozenth of the machine (docs/decisions/fold.md).
LARGE = 100
_FEW = Few(2, patience_seconds=1.0)
OwnedKey = tuple[int, str]


class Counted(NamedTuple):
    """What a key stands for, and why its record was taken off since; None while it is billed."""

    fingerprint: str
    taken_off: str | None


SENT = """
    select * from unnest(
        cast(:organizations as bigint[]), cast(:keys as text[]), cast(:fingerprints as text[]),
        cast(:instants as timestamptz[]), cast(:meters as text[]), cast(:named as text[]),
        cast(:services as bigint[]), cast(:versions as bigint[]), cast(:cycles as bigint[]),
        cast(:quantities as numeric[]), cast(:revisions as bigint[]))
    as sent (organization_id, key, fingerprint, recorded_at, meter, named_service, service_id,
             price_version_id, cycle_id, quantity, services_revision)
"""
RECORDS = """
    insert into usage_records (organization_id, key, recorded_at, meter, named_service, service_id,
                               price_version_id, cycle_id, quantity, received_at)
    select organization_id, key, recorded_at, meter, named_service, service_id, price_version_id,
           cycle_id, quantity, :now
    from sent
"""
WAITING = """
    insert into usage_waiting (organization_id, cycle_id, price_version_id, service_id, day,
                               quantity, services_revision, received_at)
    select organization_id, cycle_id, price_version_id, service_id,
           cast(recorded_at at time zone 'UTC' as date), sum(quantity), services_revision, :now
    from sent
"""
GROUPED = "group by 1, 2, 3, 4, 5, services_revision"

# Two senders of the same keys wait for each other in one order, so never in a circle. Nothing is
# written under books that do not hold any more; and records and sums only if every key was new:
# otherwise the keys come back, and the caller finds out what the others stand for.
ACCEPT = text(f"""
    with sent as materialized ({SENT}), books as (
        select not exists (
            select from unnest(cast(:accounts as bigint[]), cast(:read as bigint[]))
                as account (id, revision)
            left join organizations using (id)
            where services_revision is distinct from revision
        ) and (
            select count(*) from price_versions join prices on prices.id = price_id
            where prices.meter = any(cast(:counted as text[]))
        ) = :priced and not exists (
            select from unnest(cast(:owners as bigint[]), cast(:owned as bigint[]),
                               cast(:latest as timestamptz[])) as used (owner, id, latest)
            left join billing_cycles using (id)
            where organization_id is distinct from owner or latest >= ends_at
        ) as hold
    ), claimed as (
        insert into usage_keys (organization_id, key, fingerprint, recorded_at)
        select organization_id, key, fingerprint, recorded_at from sent
        where (select hold from books)
        order by organization_id, key collate "C"
        on conflict do nothing
        returning organization_id, key
    ), whole as (
        select count(*) = :size as is_whole from claimed
    ), records as (
        {RECORDS} where (select is_whole from whole)
    ), waiting as (
        {WAITING} where (select is_whole from whole) {GROUPED}
    )
    select hold, organization_id, key
    from whole cross join books left join claimed on hold
    where not is_whole
""")  # noqa: S608  its parts are the constants above

# The rest of a batch whose other records were there.
ADD = text(f"""
    with sent as materialized ({SENT}), records as ({RECORDS})
    {WAITING} {GROUPED}
""")

UNCLAIM = text("""
    delete from usage_keys using unnest(cast(:organizations as bigint[]), cast(:keys as text[]))
        as claimed (organization_id, key)
    where usage_keys.organization_id = claimed.organization_id and usage_keys.key = claimed.key
""")

READ_COUNTED = text("""
    select organization_id, key, fingerprint, reason from usage_keys
    join unnest(cast(:organizations as bigint[]), cast(:keys as text[]))
        as asked (organization_id, key) using (organization_id, key)
    left join usage_taken_off using (organization_id, key, recorded_at)
""")


class Outdated(Exception):
    """The books changed since they were read; nothing was written."""


def accept(resolved: Collection[ResolvedRecord], books: Books, *, now: datetime) -> set[OwnedKey]:
    """Write keys, records and what they come to; return the keys that were new.

    When not all were, only the keys are written: `add` the records of those, or `unclaim` them.
    Raises Outdated when the books, under which the records were resolved, do not hold any more.
    """
    more = {"now": now, "size": len(resolved)} | _revisions(books) | _cycles(resolved)
    values = columns(resolved) | more
    with _FEW.one() if len(resolved) >= LARGE else nullcontext():
        rows = db.session.execute(ACCEPT, values).all()
    if not rows:
        return {(record.account.id, record.reported.key) for record in resolved}
    if not rows[0].hold:
        raise Outdated
    return {(row.organization_id, row.key) for row in rows if row.key is not None}


def add(resolved: Collection[ResolvedRecord], *, now: datetime) -> None:
    """Write records and what they come to; their keys are claimed."""
    if resolved:
        db.session.execute(ADD, columns(resolved) | {"now": now})


def unclaim(keys: Collection[OwnedKey]) -> None:
    """Let go of keys that were claimed in this transaction."""
    db.session.execute(UNCLAIM, _pairs(keys))


def read_counted(keys: Collection[OwnedKey]) -> dict[OwnedKey, Counted]:
    """Return what each of these keys was counted for."""
    if not keys:
        return {}
    rows = db.session.execute(READ_COUNTED, _pairs(keys))
    return {(organization_id, key): Counted(*rest) for organization_id, key, *rest in rows}


def _pairs(keys: Collection[OwnedKey]) -> dict[str, object]:
    return {
        "organizations": arrays.integers(one for one, _ in keys),
        "keys": arrays.texts(key for _, key in keys),
    }


def _revisions(books: Books) -> dict[str, object]:
    return {
        "accounts": arrays.integers(one.id for one in books.accounts.values()),
        "read": arrays.integers(one.services_revision for one in books.accounts.values()),
        "counted": arrays.texts(books.versions),
        "priced": sum(versions.count for versions in books.versions.values()),
    }


def _cycles(resolved: Collection[ResolvedRecord]) -> dict[str, object]:
    latest: dict[tuple[int, int], datetime] = {}
    for record in resolved:
        used, at = (record.account.id, record.cycle_id), record.reported.recorded_at
        latest[used] = max(at, latest.get(used, at))
    return {
        "owners": arrays.integers(owner for owner, _ in latest),
        "owned": arrays.integers(cycle_id for _, cycle_id in latest),
        "latest": arrays.instants(latest.values()),
    }


def columns(resolved: Collection[ResolvedRecord]) -> dict[str, object]:
    """Return what is written of these records, column by column."""
    reported = [record.reported for record in resolved]
    return {
        "organizations": arrays.integers(record.account.id for record in resolved),
        "keys": arrays.texts(record.key for record in reported),
        "fingerprints": arrays.texts(record.fingerprint for record in reported),
        "instants": arrays.instants(record.recorded_at for record in reported),
        "meters": arrays.texts(record.meter for record in reported),
        "named": arrays.texts(record.service for record in reported),
        "services": arrays.integers(record.service_id for record in resolved),
        "versions": arrays.integers(record.version.id for record in resolved),
        "cycles": arrays.integers(record.cycle_id for record in resolved),
        "quantities": arrays.decimals(record.quantity for record in reported),
        "revisions": arrays.integers(record.account.services_revision for record in resolved),
    }
