"""What must hold of usage: each record is counted once, and each unit is on one item."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant

# Those that an unfinished invoice bills, late usage of earlier ones included.
_CYCLES = """
    with cycles as (
        select cycle_id as id from invoices
        where organization_id = any(:organizations)
          and status in ('draft', 'closing', 'sealed')
        union
        select items.cycle_id
        from invoice_items as items join invoices on invoices.id = items.invoice_id
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('draft', 'closing', 'sealed') and items.kind = 'metered'
    )
"""
_NAMES = """
    join organizations on organizations.id = apart.organization_id
    join price_versions on price_versions.id = apart.price_version_id
    join prices on prices.id = price_versions.price_id
"""

OF_USAGE = (
    Invariant(
        "usage_is_counted",
        "Every usage record of a cycle that can still be billed is counted once, on its day.",
        "reported",
        "counted",
        _CYCLES  # noqa: S608  constants of this file, and nothing anybody sent
        + """, sides as (
            select organization_id, cycle_id, price_version_id, service_id,
                   (recorded_at at time zone 'UTC')::date as day, quantity as said, 0 as found
            from usage_records
            where organization_id = any(:organizations) and cycle_id in (select id from cycles)
              and recorded_at >= (select min(starts_at) from billing_cycles
                                  where id in (select id from cycles))
              and not exists (
                  select from usage_taken_off as off
                  where off.organization_id = usage_records.organization_id
                    and off.key = usage_records.key
                    and off.recorded_at = usage_records.recorded_at)
            union all
            select organization_id, cycle_id, price_version_id, service_id, day, 0, quantity
            from usage_totals
            where organization_id = any(:organizations) and cycle_id in (select id from cycles)
            union all
            select organization_id, cycle_id, price_version_id, service_id, day, 0, quantity
            from usage_waiting
            where organization_id = any(:organizations) and cycle_id in (select id from cycles)
        ), apart as (
            select organization_id, price_version_id, day, sum(said) as said, sum(found) as found
            from sides group by organization_id, cycle_id, price_version_id, service_id, day
            having sum(said) <> sum(found)
        )
        select organizations.id, slug, null, 'usage of ' || prices.name || ' on ' || day, null,
               said, found
        from apart
        """
        + _NAMES,
        place="usage",
    ),
    Invariant(
        "usage_is_billed",
        "The units that were counted in a cycle are those of its items, over all invoices.",
        "counted",
        "billed",
        _CYCLES  # noqa: S608  constants of this file, and nothing anybody sent
        + """, sides as (
            select organization_id, cycle_id, price_version_id, quantity as said, 0 as found
            from usage_totals
            where organization_id = any(:organizations) and cycle_id in (select id from cycles)
            union all
            select organization_id, cycle_id, price_version_id, 0, quantity
            from invoice_items
            where organization_id = any(:organizations) and cycle_id in (select id from cycles)
              and kind = 'metered'
        ), apart as (
            select organization_id, cycle_id, price_version_id, sum(said) as said,
                   sum(found) as found
            from sides group by organization_id, cycle_id, price_version_id
            having sum(said) <> sum(found)
        )
        select organizations.id, slug, null,
               'usage of ' || prices.name || ' in cycle ' || billing_cycles.sequence, null,
               said, found
        from apart
        """
        + _NAMES
        + "join billing_cycles on billing_cycles.id = apart.cycle_id",
        place="usage",
    ),
    Invariant(
        "usage_does_not_wait",
        "No accepted usage waits more than 15 minutes to be counted.",
        "accepted",
        "still waits",
        """
        select organizations.id, slug, null, 'usage not counted', null, oldest.received_at,
               cast(:now as timestamptz)
        from organizations join lateral (
            select min(received_at) as received_at from usage_waiting
            where organization_id = organizations.id
        ) as oldest on true
        where organizations.id = any(:organizations)
          and oldest.received_at < cast(:now as timestamptz) - interval '15 minutes'
        """,
        place="usage",
        stops=False,
    ),
)
