"""What breaks each invariant, and what is said then."""

BREAKS = {
    "items_add_up": (
        "update invoices set total_cents = total_cents + 1 where status = 'draft'",
        "acme, invoice 2: total $",
    ),
    "invoices_follow": (
        "update invoices set previous_invoice_id = null where status = 'draft'",
        "acme, invoice 2: the one before ended ",
    ),
    "cycles_follow": (
        """
        insert into billing_cycles (organization_id, sequence, starts_at, ends_at)
        select organization_id, 2, ends_at + interval '1 hour', ends_at + interval '30 days'
        from billing_cycles
        """,
        "acme, cycle 2: the one before ended ",
    ),
    "cycles_are_billed": (
        "update billing_cycles set ends_at = ends_at + interval '1 minute', whole_seconds = null",
        "acme, cycle 1: of its seconds ",
    ),
    "one_current_invoice": (
        "update invoices set status = 'sealed' where status = 'draft'",
        "acme, current invoice: wanted 1, there are 0.",
    ),
    "adjustments_are_billed": (
        """
        delete from invoice_items
        where kind = 'adjustment' and invoice_id = (select id from invoices where status = 'draft')
        """,
        "acme, invoice 2, “Of 900”: added $9.00, item none.",
    ),
    "usage_is_counted": (
        """
        update usage_totals set quantity = quantity + 0.5
        where day = (select min(day) from usage_totals)
        """,
        "reported 7, counted 7.5.",
    ),
    "remainders_are_carried": (
        """
        set local session_replication_role = replica;
        update invoice_items set carried_cents = 7 where kind = 'recurring' and invoice_id =
        (select id from invoices where status = 'open')
        """,
        "left $0.07, carried over $0.00.",
    ),
    "usage_is_billed": (
        """
        update invoice_items set quantity = quantity + 7 where kind = 'metered' and
        invoice_id = (select id from invoices where status = 'draft')
        """,
        "counted 7, billed 14.",
    ),
    "usage_does_not_wait": (
        "update usage_waiting set received_at = received_at - interval '16 minutes'",
        "acme, usage not counted: accepted ",
    ),
    "issued_as_told": (
        "update invoices set stripe_total_cents = stripe_total_cents - 100 where status = 'open'",
        ", at Stripe $",
    ),
    "drafts_as_agreed": (
        """
        update synced_lines set amount_cents = amount_cents - 100 where key like
        'adjustment:%' and invoice_id = (select id from invoices where status = 'draft')
        """,
        "acme, invoice 2: total $",
    ),
    "taxed_as_switched": (
        "update organizations set automatic_tax = true",
        "acme, invoice 2: switch 1, invoice 0.",
    ),
    "lines_stand_once": (
        """
        update synced_lines set stripe_line_id = 'il_same' where invoice_id = (select id
        from invoices where status = 'draft')
        """,
        "acme, line il_same: wanted 1, there are 3.",
    ),
    "changes_do_not_wait": (
        """
        update invoices set next_sync_at = now() - interval '61 minutes', revision =
        revision + 1 where status = 'draft'
        """,
        "acme, invoice 2: planned ",
    ),
    "issued_as_agreed": (
        "update synced_lines set amount_cents = amount_cents - 100 where key like 'adjustment:%'",
        ", confirmed $",
    ),
    "voids_are_decided": (
        "update invoices set status = 'void' where status = 'open'",
        "cases wanted 1, there are 0.",
    ),
    "voids_add_up": (
        """
        insert into void_cases (invoice_id, organization_id, state, cents, opened_at) select
        id, organization_id, 'undecided', 500, now() from invoices where status = 'open'
        """,
        ": to decide $5.00, claimed $0.00.",
    ),
    "voids_are_billed_once": (
        """
        update invoice_items set kind = 'rebilled', carried_from_id = (
            select id from invoice_items where kind = 'adjustment' and amount_cents = 2500)
        where kind = 'adjustment' and amount_cents = 900
        """,
        ", “Of 900”: decided $0.00, billed again $9.00.",
    ),
    "corrections_add_up": (
        "update invoices set refunded_cents = 300 where status = 'open'",
        ": says $3.00, they come to $0.00.",
    ),
    "credits_add_up": (
        """
        set local session_replication_role = replica;
        update invoice_items set credited_cents = 5 where kind = 'recurring' and invoice_id =
        (select id from invoices where status = 'open')
        """,
        ": taken off $0.05, by its notes $0.00.",
    ),
    "reissues_add_up": (
        """
        set local session_replication_role = replica;
        update invoice_items set credited_cents = 5, reissued_cents = 5 where kind = 'recurring'
        and invoice_id = (select id from invoices where status = 'open')
        """,
        ": to bill again $0.05, taken off for that $0.00.",
    ),
    "reissues_are_billed": (
        """
        insert into reissues (organization_id, invoice_id, way, state, stripe_invoice_id,
            taken_cents, billed_cents, reason, idempotency_key, actor_kind, actor_label,
            created_at, ended_at)
        select organization_id, id, 'void', 'done', 'in_1', 700, 700, 'Asked', 'r', 'system',
            'System', now(), now() from invoices where status = 'open'
        """,
        ": taken back $7.00, at Stripe none.",
    ),
    "notes_as_told": (
        """
        insert into credit_notes (organization_id, invoice_id, state, amount_cents, refund_cents,
            balance_cents, outside_cents, memo, reason, idempotency_key, actor_kind, actor_label,
            created_at, ended_at, stripe_id)
        select organization_id, id, 'issued', 700, 0, 0, 0, '', 'Asked', 'n', 'system', 'System',
            now(), now(), 'cn_unheard' from invoices where status = 'open'
        """,
        ", credit note: issued $7.00, at Stripe none.",
    ),
    "refunds_as_told": (
        """
        insert into refunds (organization_id, invoice_id, state, purpose, payment, paid_by,
            amount_cents, reason, idempotency_key, actor_kind, actor_label, created_at, ended_at,
            stripe_id)
        select organization_id, id, 'made', 'goodwill', 'inpay_1', 'pi_1', 700, 'Asked', 'm',
            'system', 'System', now(), now(), 're_unheard' from invoices where status = 'open'
        """,
        ", refund: made $7.00, at Stripe none.",
    ),
    "payments_add_up": (
        "update invoices set amount_remaining_cents = 1 where status = 'open'",
        ", remains $0.01.",
    ),
    "acts_are_on_record": (
        """
        insert into adjustments (organization_id, invoice_id, amount_cents, description, reason,
            idempotency_key, actor_kind, actor_label, created_at)
        select organization_id, invoice_id, 700, 'Past the trail', reason, 'unheard', actor_kind,
            actor_label, created_at from adjustments where amount_cents = 900
        """,
        "acme, invoice 2, “Past the trail”: added $7.00, on record none.",
    ),
}
