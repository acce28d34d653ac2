"""Reading the facts of one organization, in one moment, past the session.

What it reads is of one snapshot and locks nothing: whoever writes meanwhile waits for nothing, and
is seen whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, text

from dashboard.billing.models import FOLLOWING
from dashboard.extensions import db
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import in_force
from dashboard.recount.facts import (
    Bill,
    Change,
    Charge,
    Claim,
    Cycle,
    Facts,
    Item,
    Price,
    Service,
    Version,
)

ORGANIZATION = "select id, slug, currency from organizations where id = :organization"
CYCLES = """
    select id, sequence, starts_at, ends_at, interval, whole_seconds from billing_cycles
    where organization_id = :organization order by starts_at
"""
BILLS = """
    select id, sequence, cycle_id, number, status, period_end, total_cents, sealed_at,
           seal_after_at
    from invoices where organization_id = :organization order by sequence
"""
ITEMS = """
    select items.id, invoice_id, kind, key, items.cycle_id, price_version_id, service_id,
           carried_from_id, description, quantity, amount_cents, carried_cents, credited_cents,
           reissued_cents
    from invoice_items as items where organization_id = :organization order by items.id
"""
SERVICES = """
    select id, external_id, label, price_id, attached_at, detached_at, created_at
    from services where organization_id = :organization order by id
"""
CHANGES = """
    select service_id, effective_at, quantity, created_at from service_changes
    where organization_id = :organization order by service_id, effective_at
"""
PRICES = """
    select prices.id as price_id, prices.name, code, meter, prices.interval,
           versions.id, effective_at, model,
           unit_amount, allowance, package_size, tiers, currency, unit_label, versions.created_at
    from prices join price_versions as versions on versions.price_id = prices.id
    where prices.id in (select price_id from services where organization_id = :organization)
       or prices.id in (
            select price_id from price_versions where id in (
                select price_version_id from invoice_items where organization_id = :organization))
    order by prices.id, effective_at
"""
CLAIMS = """
    select item_id, state, claimed_cents
    from void_claims join void_cases using (invoice_id) where organization_id = :organization
"""
CHARGES = """
    select id, invoice_id, amount_cents, description from adjustments
    where organization_id = :organization
"""


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Lend a connection that sees one moment of the database, and writes nothing."""
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin() as begun:
            connection.execute(text("set local transaction_read_only = on"))
            yield connection
            begun.rollback()


def read_facts(connection: Connection, organization_id: int) -> Facts | None:
    """Return all of an organization but its usage; None if there is none. Nine statements."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in _rows(connection, sql, organization_id)]

    found = rows(ORGANIZATION)
    if not found:
        return None
    services = {one[0]: Service(*one) for one in rows(SERVICES)}
    for change in rows(CHANGES):
        services[change[0]].changes.append(Change(*change[1:]))
    prices = _prices(_rows(connection, PRICES, organization_id))
    bills = [Bill(*one) for one in rows(BILLS)]
    facts = Facts(
        id=found[0][0],
        slug=found[0][1],
        currency=found[0][2],
        cycles={one[0]: Cycle(*one) for one in rows(CYCLES)},
        bills={one.id: one for one in bills},
        prices=prices,
        services=services,
        items=[Item(*one) for one in rows(ITEMS)],
        claims={one[0]: Claim(*one[1:]) for one in rows(CLAIMS)},
        charges={one[0]: Charge(*one[1:]) for one in rows(CHARGES)},
        versions={one.id: one for price in prices.values() for one in price.versions},
        ordered_bills=bills,
    )
    for item in facts.items:
        if item.kind in FOLLOWING and item.carried_from_id is not None:
            facts.following[item.carried_from_id].append(item)
    return facts


def _rows(connection: Connection, sql: str, organization_id: int) -> Sequence[Row[Any]]:
    return connection.execute(text(sql), {"organization": organization_id}).all()


def _prices(rows: Sequence[Row[Any]]) -> dict[int, Price]:
    prices = {}
    for price_id, some in groupby(rows, key=lambda row: row.price_id):
        ordered = list(some)
        first = ordered[0]
        versions = [
            Version(row.id, price_id, start, end, Terms.of(row), row.created_at)
            for row, start, end in in_force(ordered)
        ]
        prices[price_id] = Price(
            price_id, first.name, first.code, first.meter, first.interval, versions
        )
    return prices
