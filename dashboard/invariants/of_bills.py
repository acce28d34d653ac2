"""What must hold of cycles, invoices and their items."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant

OF_BILLS = (
    Invariant(
        "items_add_up",
        "The items of every invoice add up to its total.",
        "total",
        "items",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, total_cents, coalesce(items.cents, 0)
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
        select organizations.id, slug, invoices.sequence,
               'invoice ' || coalesce(invoices.number, invoices.sequence::text), null,
               before.period_end, invoices.period_start
        from invoices join organizations on organizations.id = invoices.organization_id
        left join invoices as before
          on before.organization_id = invoices.organization_id
         and before.sequence = invoices.sequence - 1
        where invoices.organization_id = any(:organizations)
          and case when invoices.sequence = 1 then invoices.previous_invoice_id is not null
                   else before.id is null or before.period_end <> invoices.period_start
                        or invoices.previous_invoice_id is distinct from before.id end
        """,
    ),
    Invariant(
        "cycles_follow",
        "Every billing cycle begins where the one before it ended.",
        "the one before ended",
        "begins",
        """
        select organizations.id, slug, null, 'cycle ' || cycles.sequence, null,
               before.ends_at, cycles.starts_at
        from billing_cycles as cycles
        join organizations on organizations.id = cycles.organization_id
        left join billing_cycles as before
          on before.organization_id = cycles.organization_id
         and before.sequence = cycles.sequence - 1
        where cycles.organization_id = any(:organizations)
          and cycles.sequence > 1 and before.ends_at is distinct from cycles.starts_at
        """,
        place="timeline",
    ),
    Invariant(
        "cycles_are_billed",
        "The invoices of every billing cycle cover all of it, once.",
        "of its seconds",
        "billed",
        """
        select organizations.id, slug, billed.sequence, 'cycle ' || cycles.sequence, null,
               extract(epoch from cycles.ends_at - cycles.starts_at)::bigint,
               coalesce(billed.seconds, 0)::bigint
        from billing_cycles as cycles
        join organizations on organizations.id = cycles.organization_id
        left join lateral (
            select extract(epoch from sum(period_end - period_start)) as seconds,
                   max(sequence) as sequence
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
        select organizations.id, slug, null, 'current invoice', null, 1, drafts.number
        from organizations cross join lateral (
            select count(*) as number from invoices
            where organization_id = organizations.id and status = 'draft'
        ) as drafts
        where organizations.id = any(:organizations) and drafts.number <> 1
        """,
        place="timeline",
    ),
    Invariant(
        "adjustments_are_billed",
        "Every charge and credit is an item of its invoice, once.",
        "added",
        "item",
        """
        with added as (
            select invoice_id, 'adjustment:' || id as key, amount_cents, description
            from adjustments where organization_id = any(:organizations)
        ), items as (
            select invoice_id, key, amount_cents, description from invoice_items
            where organization_id = any(:organizations) and kind = 'adjustment'
        )
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(number, sequence::text)
               || ', “' || coalesce(added.description, items.description) || '”',
               invoices.currency, added.amount_cents, items.amount_cents
        from added full join items
          on items.invoice_id = added.invoice_id and items.key = added.key
        join invoices on invoices.id = coalesce(added.invoice_id, items.invoice_id)
        join organizations on organizations.id = invoices.organization_id
        where added.amount_cents is distinct from items.amount_cents
        """,
    ),
    Invariant(
        "remainders_are_carried",
        "What an issued invoice did not bill is on one later invoice, but for rounding.",
        "left",
        "carried over",
        """
        with carried as (
            select id, invoice_id, description, carried_cents from invoice_items
            where organization_id = any(:organizations) and carried_cents <> 0
        )
        select organizations.id, slug, before.sequence,
               'invoice ' || coalesce(before.number, before.sequence::text)
               || ', “' || carried.description || '”',
               before.currency, carried.carried_cents, coalesce(later.cents, 0)
        from carried join invoices as before on before.id = carried.invoice_id
        join organizations on organizations.id = before.organization_id
        left join lateral (
            select sum(items.amount_cents) as cents
            from invoice_items as items join invoices on invoices.id = items.invoice_id
            where items.carried_from_id = carried.id and items.kind = 'carry_over'
              and invoices.sequence > before.sequence
        ) as later on true
        where before.status in ('open', 'paid', 'uncollectible')
          and abs(carried.carried_cents - coalesce(later.cents, 0)) >=
              case when before.currency in ('isk', 'ugx') then 100
                   when before.currency in ('bhd', 'jod', 'kwd', 'omr', 'tnd') then 10
                   else 1 end
        """,
    ),
)
