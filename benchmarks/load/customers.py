"""Organizations that use meters, their rows written in bulk, and bodies of what they report."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from sqlalchemy import text

from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import MeteredPriceFactory, make_organization

METERS = 6
# Records that are there before anything is measured.
STORED = int(os.environ.get("BENCH_RECORDS", "0"))
_numbers = count()
ATTACH = text("""
    with made as (
        insert into services
            (organization_id, price_id, external_id, label, attached_at, created_at)
        select organizations.id, prices.id, prices.code, prices.name, :since, :since
        from organizations cross join prices where meter like 'meter-%'
        returning id, organization_id
    )
    insert into service_changes (organization_id, service_id, effective_at, quantity, created_at)
    select organization_id, id, :since, 1, :since from made
""")
KEYS = text("""
    insert into usage_keys (organization_id, key, fingerprint, recorded_at)
    select (:low + n % :organizations), 'stored-' || n, repeat('0', 64),
           now() - n % 500000 * interval '1 second'
    from generate_series(:first, :last) as n
""")
RECORDS = text("""
    insert into usage_records (organization_id, key, recorded_at, meter, service_id,
                               price_version_id, cycle_id, quantity, received_at)
    select (:low + n % :organizations), 'stored-' || n, now() - n % 500000 * interval '1 second',
           'meter-0', null, 0, 0, 1, now()
    from generate_series(:first, :last) as n
""")
STEP = 1_000_000


def make_customers(organizations: int) -> str:
    """Make so many organizations with six meters each; return the secret of a token for all."""
    now = utc_now()
    with transaction():
        for number in range(METERS):
            MeteredPriceFactory(code=f"price-of-{number}", meter=f"meter-{number}")
        for number in range(organizations):
            anchor = now - timedelta(days=10)
            make_organization(slug_of(number), anchor=anchor, now=now)
        db.session.execute(ATTACH, {"since": now - timedelta(days=8)})
        _, secret = create_token("bench", ["usage:write"], actor=SYSTEM, now=now)
    if STORED:
        _store(organizations)
    return secret


def _store(organizations: int) -> None:
    low = db.session.scalar(text("select min(id) from organizations"))
    for first in range(0, STORED, STEP):
        asked = {
            "low": low,
            "organizations": organizations,
            "first": first,
            "last": min(first + STEP, STORED) - 1,
        }
        for statement in (KEYS, RECORDS):
            with transaction():
                db.session.execute(statement, asked)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


def slug_of(number: int) -> str:
    """Return the slug of one of the organizations."""
    return f"customer-{number}"


def bodies(organizations: int, *, size: int, number: int = 0) -> Iterator[bytes]:
    """Yield batches of new records, spread at random over the first so many organizations."""
    rng = random.Random(number)  # noqa: S311  the same load each time
    while True:
        at = utc_now().isoformat()
        records = [
            {
                "organization": slug_of(rng.randrange(organizations)),
                "meter": f"meter-{rng.randrange(METERS)}",
                "key": f"{number}-{next(_numbers)}",
                "quantity": f"{rng.randrange(1, 10_000) / 100:.2f}",
                "recorded_at": at,
            }
            for _ in range(size)
        ]
        yield json.dumps({"records": records}).encode()


def made_before(organizations: int, *, size: int, most: int, number: int) -> Iterator[bytes]:
    """Return up to `most` bodies that are all made now, so that making them is not measured."""
    maker = bodies(organizations, size=size, number=number)
    return iter([next(maker) for _ in range(most)])
