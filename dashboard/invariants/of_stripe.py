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
          and not exists (select from difference_decisions where invoice_id = invoices.id)
        """,
    ),
    Invariant(
        "issued_as_told",
        "Stripe's total of every issued invoice is the ledger's, or a person decided or knows.",
        "total",
        "at Stripe",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, total_cents + coalesce(decided.cents, 0), stripe_total_cents
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(made.cents) as cents from difference_decisions as made
            left join credit_notes as notes on notes.id = made.note_id
            where made.invoice_id = invoices.id
              and (notes.id is null or notes.state in ('planned', 'issued'))
              and not exists (
                  select from adjustments where reverses_id = made.adjustment_id)
        ) as decided on total_cents <> stripe_total_cents
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('open', 'paid', 'uncollectible')
          and stripe_invoice_id is not null and parked_at is null
          and total_cents + coalesce(decided.cents, 0) <> stripe_total_cents
        """,
    ),
    Invariant(
        "drafts_as_agreed",
        "Stripe confirmed of every invoice with nothing left to send the lines of its total.",
        "total",
        "confirmed",
        """
        select organizations.id, slug, sequence, 'invoice ' || sequence, invoices.currency,
               total_cents, coalesce(lines.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents) as cents from synced_lines where invoice_id = invoices.id
        ) as lines on true
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('draft', 'closing', 'sealed')
          and stripe_invoice_id is not null and revision = synced_revision
          and not needs_verification and parked_at is null
          and total_cents <> coalesce(lines.cents, 0)
          and not exists (
              select from sync_runs where invoice_id = invoices.id
                and state in ('queued', 'running', 'retrying'))
        """,
        place="at_stripe",
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
          and (revision > synced_revision or needs_verification)
          and next_sync_at < cast(:now as timestamptz) - interval '1 hour'
          and not exists (
              select from sync_runs where invoice_id = invoices.id
                and state in ('queued', 'running', 'retrying'))
        """,
        place="syncs",
        stops=False,
    ),
)
