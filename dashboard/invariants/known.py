"""The invariants: each one sentence, and one statement that finds where it does not hold.

A statement sees one moment of the database, so what others are writing meanwhile breaks none of
them. Each finds rows of (organization's slug, what it is about, currency or null, what is said,
what was found); of `said` and `found` the amounts are cents where there is a currency.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that must hold; `said` and `found` name the two sides that are compared."""

    name: str
    holds: str
    said: str
    found: str
    sql: str


INVARIANTS = (
    Invariant(
        "items_add_up",
        "The items of every invoice add up to its total.",
        "total",
        "items",
        """
        select slug, 'invoice ' || coalesce(number, sequence::text), invoices.currency,
               total_cents, coalesce(items.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents - carried_cents) as cents from invoice_items
            where invoice_id = invoices.id
        ) as items on true
        where invoices.organization_id = any(:organizations)
          and total_cents <> coalesce(items.cents, 0)
        """,
    ),
    Invariant(
        "invoices_follow",
        "Every invoice begins where the one before it ended.",
        "the one before ended",
        "begins",
        """
        select slug, 'invoice ' || coalesce(invoices.number, invoices.sequence::text), null,
               before.period_end, invoices.period_start
        from invoices join organizations on organizations.id = invoices.organization_id
        join invoices as before
          on before.organization_id = invoices.organization_id
         and before.sequence = invoices.sequence - 1
        where invoices.organization_id = any(:organizations)
          and (before.period_end <> invoices.period_start
               or invoices.previous_invoice_id is distinct from before.id)
        """,
    ),
    Invariant(
        "cycles_follow",
        "Every billing cycle begins where the one before it ended.",
        "the one before ended",
        "begins",
        """
        select slug, 'cycle ' || cycles.sequence, null, before.ends_at, cycles.starts_at
        from billing_cycles as cycles
        join organizations on organizations.id = cycles.organization_id
        join billing_cycles as before
          on before.organization_id = cycles.organization_id
         and before.sequence = cycles.sequence - 1
        where cycles.organization_id = any(:organizations)
          and before.ends_at <> cycles.starts_at
        """,
    ),
    Invariant(
        "cycles_are_billed",
        "The invoices of every billing cycle cover all of it, once.",
        "of its seconds",
        "billed",
        """
        select slug, 'cycle ' || cycles.sequence, null,
               extract(epoch from cycles.ends_at - cycles.starts_at)::bigint,
               coalesce(billed.seconds, 0)::bigint
        from billing_cycles as cycles
        join organizations on organizations.id = cycles.organization_id
        left join lateral (
            select extract(epoch from sum(period_end - period_start)) as seconds
            from invoices where cycle_id = cycles.id
        ) as billed on true
        where cycles.organization_id = any(:organizations)
          and extract(epoch from cycles.ends_at - cycles.starts_at)
              is distinct from billed.seconds
        """,
    ),
    Invariant(
        "one_current_invoice",
        "Every organization has one current invoice.",
        "wanted",
        "there are",
        """
        select slug, 'current invoice', null, 1, drafts.number
        from organizations cross join lateral (
            select count(*) as number from invoices
            where organization_id = organizations.id and status = 'draft'
        ) as drafts
        where organizations.id = any(:organizations) and drafts.number <> 1
        """,
    ),
    Invariant(
        "adjustments_are_billed",
        "Every charge and credit is an item of its invoice.",
        "added",
        "item",
        """
        select slug,
               'invoice ' || coalesce(number, sequence::text)
               || ', “' || adjustments.description || '”',
               invoices.currency, adjustments.amount_cents, items.amount_cents
        from adjustments join invoices on invoices.id = adjustments.invoice_id
        join organizations on organizations.id = invoices.organization_id
        left join invoice_items as items
          on items.invoice_id = invoices.id and items.key = 'adjustment:' || adjustments.id
        where invoices.organization_id = any(:organizations)
          and adjustments.amount_cents is distinct from items.amount_cents
        """,
    ),
    Invariant(
        "usage_is_counted",
        "Every usage record of a cycle that can still be billed is counted once, on its day.",
        "reported",
        "counted",
        """
        with cycles as (
            select distinct cycle_id as id from invoices
            where organization_id = any(:organizations)
              and status in ('draft', 'closing', 'sealed')
        ), sides as (
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
        select slug, 'usage of ' || prices.name || ' on ' || day, null, said, found
        from apart join organizations on organizations.id = organization_id
        join price_versions on price_versions.id = price_version_id
        join prices on prices.id = price_versions.price_id
        """,
    ),
    Invariant(
        "issued_as_agreed",
        "Stripe confirmed of every issued invoice exactly the lines that add up to its total.",
        "total",
        "confirmed",
        """
        select slug, 'invoice ' || coalesce(number, sequence::text), invoices.currency,
               total_cents, coalesce(lines.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents) as cents from synced_lines where invoice_id = invoices.id
        ) as lines on true
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('open', 'paid', 'uncollectible')
          and stripe_invoice_id is not null and parked_at is null
          and total_cents <> coalesce(lines.cents, 0)
        """,
    ),
    Invariant(
        "voids_are_decided",
        "Every void invoice has a case that says what becomes of its amount.",
        "cases wanted",
        "there are",
        """
        select slug, 'invoice ' || coalesce(number, invoices.sequence::text), null, 1, 0
        from invoices join organizations on organizations.id = invoices.organization_id
        where invoices.organization_id = any(:organizations) and invoices.status = 'void'
          and not exists (select from void_cases where invoice_id = invoices.id)
        """,
    ),
)
