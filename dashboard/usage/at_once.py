"""Small batches as nearly all are, accepted by one statement for all that arrive together.

It opens no session and begins no transaction: the statement is one, and what it writes is durable
when it is answered. It checks in its own snapshot whatever could forbid a batch: the token, the
kept books, the keys. A batch that anything is the matter with is left out of it, and only looked at
anew in the way that says what is wrong: nobody is refused here. See docs/decisions/fold.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.accounts.tokens import USE_IS_NOTED_EVERY
from dashboard.database_failures import is_lost
from dashboard.errors import OutcomeUnknown
from dashboard.usage import arrays
from dashboard.usage.resolve import ResolvedRecord
from dashboard.usage.store import columns

# As many callers as wait at most; together they are fewer records than one large batch.
MOST_TOGETHER = 64
SCOPE = PERMISSIONS["api.usage.write"].scope


class Small(NamedTuple):
    """A batch that was resolved by kept books, each key in it once, and whose token sends it."""

    token_hash: str
    resolved: Sequence[ResolvedRecord]
    # How many versions the prices of its meters had in these books.
    versions: frozenset[tuple[str, int]]


# A key that comes between the snapshot and the insertion ends the statement, and nothing is
# written. The keys are inserted in the one order, as in `store.ACCEPT`.
ACCEPT = """
    with sent as materialized (
        select * from unnest(
            %(batches)s::int[], %(organizations)s::bigint[], %(keys)s::text[],
            %(fingerprints)s::text[], %(instants)s::timestamptz[], %(meters)s::text[],
            %(named)s::text[], %(services)s::bigint[], %(versions)s::bigint[],
            %(cycles)s::bigint[], %(quantities)s::numeric[], %(revisions)s::bigint[])
        as sent (batch, organization_id, key, fingerprint, recorded_at, meter, named_service,
                 service_id, price_version_id, cycle_id, quantity, services_revision)
    ), accepted as materialized (
        select batch
        from unnest(%(hashes)s::text[]) with ordinality as asked (token_hash, batch)
        join api_tokens as tokens using (token_hash)
        where revoked_at is null and (expires_at is null or expires_at > %(now)s)
          and %(scope)s = any(scopes) and last_used_at > %(noted)s
          and not exists (
            select from unnest(%(priced)s::text[], %(counts)s::bigint[]) as kept (meter, versions)
            where versions <> (
                select count(*) from price_versions join prices on prices.id = price_id
                where prices.meter = kept.meter)
        ) and not exists (
            select from sent
            left join organizations on organizations.id = sent.organization_id
            left join billing_cycles as cycles
              on cycles.id = cycle_id and cycles.organization_id = sent.organization_id
            where sent.batch = asked.batch and (
                sent.services_revision is distinct from organizations.services_revision
                or cycles.id is null
                or sent.recorded_at >= cycles.ends_at
                or sent.organization_id <> tokens.organization_id
                or exists (
                    select from usage_keys as counted
                    where counted.organization_id = sent.organization_id
                      and counted.key = sent.key))
        )
    ), fresh as materialized (
        select sent.* from sent join accepted using (batch)
    ), claimed as (
        insert into usage_keys (organization_id, key, fingerprint, recorded_at)
        select organization_id, key, fingerprint, recorded_at from fresh
        order by organization_id, key collate "C"
    ), records as (
        insert into usage_records (organization_id, key, recorded_at, meter, named_service,
                                   service_id, price_version_id, cycle_id, quantity, received_at)
        select organization_id, key, recorded_at, meter, named_service, service_id,
               price_version_id, cycle_id, quantity, %(now)s
        from fresh
    ), waiting as (
        insert into usage_waiting (organization_id, cycle_id, price_version_id, service_id, day,
                                   quantity, services_revision, received_at)
        select organization_id, cycle_id, price_version_id, service_id,
               (recorded_at at time zone 'UTC')::date, sum(quantity), services_revision, %(now)s
        from fresh group by 1, 2, 3, 4, 5, services_revision
    )
    select batch from accepted
"""


def accepter(
    engine: Engine, clock: Callable[[], datetime]
) -> Callable[[Sequence[Small]], list[bool]]:
    """Return what accepts some batches together: True for each that is, durably.

    Raises OutcomeUnknown when the database was lost before it answered.
    """
    at_once = engine.execution_options(isolation_level="AUTOCOMMIT")

    def accept(batches: Sequence[Small]) -> list[bool]:
        try:
            with at_once.connect() as connection:
                rows = connection.exec_driver_sql(ACCEPT, _asked(batches, clock()))
                accepted = {number for (number,) in rows}
        except DBAPIError as error:
            if is_lost(error) and error.statement is not None:
                raise OutcomeUnknown from error
            return [False] * len(batches)
        except SQLAlchemyError:  # no connection to be had: each batch says so itself
            return [False] * len(batches)
        return [number in accepted for number in range(1, len(batches) + 1)]

    return accept


def _asked(batches: Sequence[Small], now: datetime) -> dict[str, object]:
    rows = [(number, record) for number, one in enumerate(batches, 1) for record in one.resolved]
    priced = sorted(set[tuple[str, int]]().union(*(one.versions for one in batches)))
    return {
        "hashes": arrays.texts(one.token_hash for one in batches),
        "scope": SCOPE,
        "noted": now - USE_IS_NOTED_EVERY,
        "now": now,
        "priced": arrays.texts(meter for meter, _ in priced),
        "counts": arrays.integers(count for _, count in priced),
        "batches": arrays.integers(number for number, _ in rows),
        **columns([record for _, record in rows]),
    }
