"""Keeping the habits of usage: written once a cycle, when its last invoice is sealed.

Then its days are complete, but for usage that arrives later still. A page reads one row of the
organization instead of the days of a month: docs/decisions/forecast.md.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, select, text

from dashboard.billing.habit import Habit, LastCycle, habit_of
from dashboard.billing.habit_models import UsageHabits
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.extensions import db
from dashboard.usage.arrays import integers, texts

# The days of each price, what they came to, and whether a service still has it at the end. A cycle
# without usage has a row too: it takes the place of the habits before.
DAYS = text("""
    with ended as (
        select cycle.organization_id, cycle.id as cycle_id, cycle.starts_at, cycle.ends_at
        from invoices join billing_cycles cycle on cycle.id = invoices.cycle_id
        where invoices.id = any(cast(:invoices as bigint[]))
          and invoices.period_end >= cycle.ends_at
    ), days as (
        select organization_id, cycle_id, version.price_id, total.day, sum(quantity) as quantity
        from ended
        join usage_totals total using (organization_id, cycle_id)
        join price_versions version on version.id = total.price_version_id
        group by organization_id, cycle_id, version.price_id, total.day
    ), used as (
        select organization_id, cycle_id, price_id,
               array_agg(day order by day) as days, array_agg(quantity order by day) as quantities
        from days group by organization_id, cycle_id, price_id
    ), costs as (
        select organization_id, cycle_id, version.price_id, sum(amount_cents)::bigint as cents
        from ended
        join invoice_items item using (organization_id, cycle_id)
        join price_versions version on version.id = item.price_version_id
        where item.kind = 'metered'
        group by organization_id, cycle_id, version.price_id
    )
    select organization_id, cycle_id, starts_at, ends_at,
           used.price_id, used.days, used.quantities, coalesce(costs.cents, 0),
           exists (
               select from services
               where services.organization_id = ended.organization_id
                 and services.price_id = used.price_id
                 and (detached_at is null or detached_at > ended.ends_at))
    from ended
    left join used using (organization_id, cycle_id)
    left join costs using (organization_id, cycle_id, price_id)
    order by organization_id, cycle_id, price_id
""")

WRITE = text("""
    insert into usage_habits as kept (organization_id, cycle_id, habits)
    select * from unnest(
        cast(:organizations as bigint[]), cast(:cycles as bigint[]), cast(:habits as jsonb[]))
    on conflict (organization_id) do update
    set cycle_id = excluded.cycle_id, habits = excluded.habits
    where kept.cycle_id <= excluded.cycle_id
""")


class _Used(NamedTuple):
    """The usage of one price in a cycle; without a price there was none."""

    organization_id: int
    cycle_id: int
    starts_at: datetime
    ends_at: datetime
    price_id: int | None
    days: Sequence[date]
    quantities: Sequence[Decimal]
    cents: int
    is_attached: bool


def keep_habits(invoice_ids: Collection[int]) -> None:
    """Keep the habits of the cycles whose last invoices are among these; all of them are locked.

    Two statements, however many.
    """
    if not invoice_ids:
        return
    # What the session holds and has not written yet comes first.
    db.session.flush()
    habits: dict[tuple[int, int], dict[str, list[Any]]] = defaultdict(dict)
    for row in db.session.execute(DAYS, {"invoices": integers(invoice_ids)}):
        used = _Used(*row)
        of_cycle = habits[used.organization_id, used.cycle_id]
        habit = _habit(used)
        if habit is not None:
            of_cycle[str(used.price_id)] = habit.to_json()
    # Of an organization whose clock was late, the newest.
    newest = dict(sorted(habits))
    if not newest:
        return
    asked = {
        "organizations": integers(newest.keys()),
        "cycles": integers(newest.values()),
        "habits": texts(json.dumps(habits[one]) for one in newest.items()),
    }
    db.session.execute(WRITE, asked)


def last_cycle_before(cycle: BillingCycle) -> LastCycle:
    """Return what is known of the cycle before: one query."""
    habits = select(UsageHabits.habits).where(UsageHabits.organization_id == cycle.organization_id)
    cents = cents_before(literal(cycle.organization_id), literal(cycle.sequence))
    return LastCycle.read(*db.session.execute(select(cents, habits.scalar_subquery())).one())


def cents_before(
    organization_id: ColumnElement[int], sequence: ColumnElement[int]
) -> ColumnElement[int]:
    """Return what the cycle before the one of this `sequence` came to, on all its invoices.

    Null where there was none, or all of it is void.
    """
    total = cast(func.sum(Invoice.total_cents), BigInteger)
    query = (
        select(total)
        .join(BillingCycle, BillingCycle.id == Invoice.cycle_id)
        .where(
            BillingCycle.organization_id == organization_id,
            BillingCycle.sequence == sequence - 1,
            Invoice.status != "void",
        )
    )
    return query.scalar_subquery()


def _habit(used: _Used) -> Habit | None:
    if used.price_id is None or not used.is_attached:
        return None
    by_day = dict(zip(used.days, used.quantities, strict=True))
    # A day that the cycle has only a part of says nothing about whole ones.
    first = (used.starts_at.astimezone(UTC) + timedelta(days=1, microseconds=-1)).date()
    count = (used.ends_at.astimezone(UTC).date() - first).days
    days = [by_day.get(first + timedelta(days=at), Decimal(0)) for at in range(count)]
    return habit_of(first, days, used.cents)
