"""What must hold between the ledger and Stripe."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant

OF_STRIPE = (
    Invariant(
        "issued_as_agreed",
        "Stripe confirmed of every issued invoice exactly the lines that add up to its total.",
        "total",
        "confirmed",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, total_cents, coalesce(lines.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents) as cents from synced_lines where invoice_id = invoices.id
        ) as lines on true
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('open', 'paid', 'uncollectible')
          and stripe_invoice_id is not null and parked_at is null
          and total_cents <> coalesce(lines.cents, 0)
          and coalesce(stripe_total_cents, total_cents) = total_cents
          and not exists (select from difference_decisions where invoice_id = invoices.id)
        """,
    ),
    # The rule of billing/difference.py: what is left of Stripe's total once all is counted.
    Invariant(
        "issued_as_told",
        "Stripe's total of every issued invoice is the ledger's, or a person decided or knows.",
        "total",
        "at Stripe",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, stripe_total_cents - waits.cents, stripe_total_cents
        from invoices join organizations on organizations.id = invoices.organization_id
        cross join lateral (
            select coalesce(sum(made.cents) filter (where decision <> 'leave'), 0) as cents,
                   coalesce(sum(made.cents) filter (where decision = 'leave' and cents > 0), 0)
                       as too_much,
                   coalesce(sum(made.cents) filter (where decision = 'leave' and cents < 0), 0)
                       as too_little
            from difference_decisions as made
            left join credit_notes as notes on notes.id = made.note_id
            where made.invoice_id = invoices.id
              and (notes.id is null or notes.state in ('planned', 'issued'))
              and not exists (
                  select from adjustments where reverses_id = made.adjustment_id)
        ) as decided
        cross join lateral (
            select coalesce(sum(amount_cents), 0) as cents from corrections
            where invoice_id = invoices.id and kind = 'credit_note'
              and coalesce(tax_cents, 0) = 0
              and status not in ('failed', 'canceled', 'void')
              and not exists (
                  select from credit_notes
                  where credit_notes.invoice_id = invoices.id
                    and credit_notes.stripe_id = corrections.stripe_id)
        ) as noted
        cross join lateral (
            select stripe_total_cents - total_cents - decided.cents as cents
        ) as rest
        cross join lateral (
            select case when rest.cents > 0
                        then greatest(rest.cents - noted.cents - decided.too_much, 0)
                        else least(rest.cents - decided.too_little, 0) end as cents
        ) as waits
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('open', 'paid', 'uncollectible')
          and stripe_invoice_id is not null and parked_at is null
          and (total_cents <> stripe_total_cents
               or exists (select from difference_decisions where invoice_id = invoices.id))
          and waits.cents <> 0
        """,
    ),
    Invariant(
        "drafts_as_agreed",
        "Stripe confirmed of every invoice with nothing left to send the lines of its total.",
        "total",
        "confirmed",
        """
        select organizations.id, slug, sequence, 'invoice ' || sequence, invoices.currency,
               wanted.cents, coalesce(lines.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents) as cents from synced_lines where invoice_id = invoices.id
        ) as lines on true
        -- With automatic tax no line is below zero: credits beyond the charges wait.
        cross join lateral (
            select case when invoices.automatic_tax then greatest(total_cents, 0)
                        else total_cents end as cents
        ) as wanted
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('draft', 'closing', 'sealed')
          and stripe_invoice_id is not null and revision = synced_revision
          and not needs_verification and parked_at is null
          and wanted.cents <> coalesce(lines.cents, 0)
          and not exists (
              select from sync_runs where invoice_id = invoices.id
                and state in ('queued', 'running', 'retrying'))
        """,
        place="at_stripe",
    ),
    Invariant(
        "taxed_as_switched",
        "The current invoice has automatic tax where the switch of its organization is on.",
        "switch",
        "invoice",
        """
        select organizations.id, slug, sequence, 'invoice ' || sequence, null,
               organizations.automatic_tax::int, invoices.automatic_tax::int
        from invoices join organizations on organizations.id = invoices.organization_id
        where invoices.organization_id = any(:organizations) and invoices.status = 'draft'
          and invoices.automatic_tax <> organizations.automatic_tax
        """,
    ),
    Invariant(
        "lines_stand_once",
        "No line at Stripe stands for two lines of the ledger.",
        "wanted",
        "there are",
        """
        select organizations.id, slug, lines.sequence, 'line ' || lines.stripe_line_id, null, 1,
               lines.number
        from (
            select synced_lines.organization_id, stripe_line_id, count(*) as number,
                   max(sequence) as sequence
            from synced_lines join invoices on invoices.id = synced_lines.invoice_id
            where invoices.organization_id = any(:organizations) and stripe_line_id is not null
              and invoices.status in ('draft', 'closing', 'sealed')
            group by synced_lines.organization_id, stripe_line_id having count(*) > 1
        ) as lines join organizations on organizations.id = lines.organization_id
        """,
        place="at_stripe",
    ),
    Invariant(
        "changes_do_not_wait",
        "No change waits more than an hour longer than planned for its sync to start.",
        "planned",
        "still waits",
        """
        select organizations.id, slug, sequence, 'invoice ' || sequence, null, next_sync_at,
               cast(:now as timestamptz)
        from invoices join organizations on organizations.id = invoices.organization_id
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('draft', 'closing') and parked_at is null
          and (revision > synced_revision or needs_verification) and billed_with <> 'waits'
          and next_sync_at < cast(:now as timestamptz) - interval '1 hour'
          and not exists (
              select from sync_runs where invoice_id = invoices.id
                and state in ('queued', 'running', 'retrying'))
        """,
        place="syncs",
        stops=False,
    ),
)
