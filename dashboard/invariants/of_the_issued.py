"""What must hold of invoices once they are issued, and of what is on record."""

from __future__ import annotations

from dashboard.invariants.invariant import Invariant

OF_THE_ISSUED = (
    Invariant(
        "voids_are_decided",
        "Every void invoice has a case that says what becomes of its amount.",
        "cases wanted",
        "there are",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(number, invoices.sequence::text), null, 1, 0
        from invoices join organizations on organizations.id = invoices.organization_id
        where invoices.organization_id = any(:organizations) and invoices.status = 'void'
          and not exists (select from void_cases where invoice_id = invoices.id)
        """,
    ),
    Invariant(
        "voids_add_up",
        "What is decided on of a void invoice is what its items claim.",
        "to decide",
        "claimed",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, void_cases.cents, coalesce(claims.cents, 0)
        from void_cases join invoices on invoices.id = void_cases.invoice_id
        join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(cents) as cents from void_claims where invoice_id = invoices.id
        ) as claims on true
        where invoices.organization_id = any(:organizations)
          and void_cases.cents <> coalesce(claims.cents, 0)
        """,
    ),
    Invariant(
        "voids_are_billed_once",
        "Only what a person decided to bill of a void invoice, or took off it for that, is billed "
        "again.",
        "decided",
        "billed again",
        """
        select organizations.id, slug, before.sequence,
               'invoice ' || coalesce(before.number, before.sequence::text)
               || ', “' || again.description || '”',
               before.currency,
               case when void_cases.state = 'billed' then void_claims.claimed_cents
                    else items.reissued_cents end,
               again.amount_cents
        from invoice_items as again
        join invoice_items as items on items.id = again.carried_from_id
        join invoices as before on before.id = items.invoice_id
        join organizations on organizations.id = before.organization_id
        left join void_cases on void_cases.invoice_id = before.id
        left join void_claims on void_claims.item_id = items.id
        where again.organization_id = any(:organizations) and again.kind = 'rebilled'
          and abs(again.amount_cents) > abs(
              case when void_cases.state = 'billed' then coalesce(void_claims.claimed_cents, 0)
                   else items.reissued_cents end)
        """,
    ),
    Invariant(
        "corrections_add_up",
        "Every invoice says what its refunds and disputes come to.",
        "says",
        "they come to",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency,
               refunded_cents + disputed_cents + charged_back_cents, coalesce(told.cents, 0)
        from invoices join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select sum(amount_cents) as cents from corrections
            where invoice_id = invoices.id
              and (kind = 'refund' and status not in ('failed', 'canceled', 'void')
                   or kind = 'dispute'
                      and status not in ('won', 'warning_closed', 'prevented'))
        ) as told on true
        where invoices.organization_id = any(:organizations)
          and refunded_cents + disputed_cents + charged_back_cents <> coalesce(told.cents, 0)
        """,
        stops=False,
    ),
    Invariant(
        "credits_add_up",
        "What is taken off an item is what the issued credit notes made here took off it.",
        "taken off",
        "by its notes",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(number, sequence::text) || ', “' || items.description || '”',
               invoices.currency, items.credited_cents, coalesce(noted.cents, 0)
        from invoice_items as items
        left join (
            select item_id, sum(credit_note_lines.amount_cents) as cents
            from credit_notes join credit_note_lines on note_id = credit_notes.id
            where organization_id = any(:organizations) and state = 'issued'
            group by item_id
        ) as noted on noted.item_id = items.id
        join invoices on invoices.id = items.invoice_id
        join organizations on organizations.id = items.organization_id
        where items.organization_id = any(:organizations)
          -- What notes had taken off a void invoice is credited with what is billed again.
          and items.kind <> 'rebilled'
          and items.credited_cents <> coalesce(noted.cents, 0)
        """,
    ),
    Invariant(
        "reissues_add_up",
        "What of an item was to be billed again is what the notes of its reissues took off it.",
        "to bill again",
        "taken off for that",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(number, sequence::text) || ', “' || items.description || '”',
               invoices.currency, items.reissued_cents, coalesce(noted.cents, 0)
        from invoice_items as items
        left join (
            select item_id, sum(credit_note_lines.amount_cents) as cents
            from credit_notes
            join reissues on reissues.note_id = credit_notes.id
            join credit_note_lines on credit_note_lines.note_id = credit_notes.id
            where credit_notes.organization_id = any(:organizations)
              and credit_notes.state = 'issued'
            group by item_id
        ) as noted on noted.item_id = items.id
        join invoices on invoices.id = items.invoice_id
        join organizations on organizations.id = items.organization_id
        where items.organization_id = any(:organizations)
          and items.reissued_cents <> coalesce(noted.cents, 0)
        """,
    ),
    Invariant(
        "reissues_are_billed",
        "Every reissue that is done took its invoice back: it is void and billed again, or its "
        "credit note was issued.",
        "taken back",
        "at Stripe",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, reissues.taken_cents, notes.amount_cents
        from reissues
        join invoices on invoices.id = reissues.invoice_id
        join organizations on organizations.id = reissues.organization_id
        left join void_cases on void_cases.invoice_id = invoices.id
        left join credit_notes as notes on notes.id = reissues.note_id
        where reissues.organization_id = any(:organizations) and reissues.state = 'done'
          and (reissues.way = 'void' and void_cases.state is distinct from 'billed'
               or reissues.way = 'credit' and notes.state not in ('issued', 'void'))
        """,
    ),
    Invariant(
        "notes_as_told",
        "Every issued credit note made here is at Stripe with its amount.",
        "issued",
        "at Stripe",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(invoices.number, sequence::text) || ', credit note',
               invoices.currency, notes.amount_cents, told.amount_cents
        from credit_notes as notes
        join invoices on invoices.id = notes.invoice_id
        join organizations on organizations.id = notes.organization_id
        left join corrections as told on told.stripe_id = notes.stripe_id
        where notes.organization_id = any(:organizations) and notes.state = 'issued'
          and told.amount_cents is distinct from notes.amount_cents
        """,
        stops=False,
    ),
    Invariant(
        "refunds_as_told",
        "Every refund that was made here is at Stripe, of the same amount.",
        "made",
        "at Stripe",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(invoices.number, sequence::text) || ', refund',
               invoices.currency, refunds.amount_cents, told.amount_cents
        from refunds join invoices on invoices.id = refunds.invoice_id
        join organizations on organizations.id = refunds.organization_id
        left join corrections as told on told.stripe_id = refunds.stripe_id
        where refunds.organization_id = any(:organizations) and refunds.state = 'made'
          and told.amount_cents is distinct from refunds.amount_cents
        """,
        stops=False,
    ),
    Invariant(
        "payments_add_up",
        "What remains to be paid of an issued invoice is what is due less what was paid.",
        "due less paid",
        "remains",
        """
        select organizations.id, slug, sequence, 'invoice ' || coalesce(number, sequence::text),
               invoices.currency, greatest(amount_due_cents - amount_paid_cents, 0),
               amount_remaining_cents
        from invoices join organizations on organizations.id = invoices.organization_id
        where invoices.organization_id = any(:organizations)
          and invoices.status in ('open', 'paid', 'uncollectible') and parked_at is null
          and greatest(amount_due_cents - amount_paid_cents, 0) <> amount_remaining_cents
        """,
        stops=False,
    ),
    Invariant(
        "acts_are_on_record",
        "Every charge and credit is in the audit trail with its amount.",
        "added",
        "on record",
        """
        select organizations.id, slug, sequence,
               'invoice ' || coalesce(number, sequence::text)
               || ', “' || adjustments.description || '”',
               invoices.currency, adjustments.amount_cents, entries.cents
        from adjustments join invoices on invoices.id = adjustments.invoice_id
        join organizations on organizations.id = invoices.organization_id
        left join lateral (
            select (facts ->> 'cents')::bigint as cents from audit_entries
            where organization_id = adjustments.organization_id
              and at = adjustments.created_at and subject_type = 'adjustments'
              and subject_id = adjustments.id
              and action in ('adjustment.added', 'adjustment.reversed')
            limit 1
        ) as entries on true
        where adjustments.organization_id = any(:organizations)
          and adjustments.amount_cents is distinct from entries.cents
        """,
    ),
)
