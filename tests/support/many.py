"""Rows as a year of use leaves them, made by PostgreSQL itself: 50,000 organizations in a minute.

What is read is what matters here: how many there are, in which states, in which order they came.
Triggers and foreign keys look away meanwhile, and so do the numbers of rows that are not read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import psycopg

from dashboard.extensions import db

VARIABLE = "PLANS_ORGANIZATIONS"
USUALLY = 2_000
MONTHS = 12

ORGANIZATIONS = """
insert into organizations (id, slug, name, email, external_id, currency, collection_method,
        cycle_anchor_at, stripe_customer_id, tags, created_at, budget_cents)
    select i, 'org-' || i,
        initcap(substr(md5(i::text), 1, 8)) || ' '
            || (array['Labs', 'Freight', 'Works', 'Systems', 'Media'])[1 + i % 5],
        'billing@' || substr(md5(i::text), 1, 8) || '.example.com', 'account-' || i, 'usd',
        'charge_automatically', now() - i % 28 * interval '1 day', 'cus_' || md5(i::text),
        case when i % 500 = 0 then array['vip'] else '{}' end, now() - interval '1 year',
        3000 + i % 4000
    from generate_series(1, %(many)s) as i;
insert into billing_cycles (id, organization_id, sequence, starts_at, ends_at)
    select (k - 1) * %(many)s + i, i, k, starts_at, starts_at + interval '30 days'
    from generate_series(1, %(months)s) as k, generate_series(1, %(many)s) as i,
        lateral (select now() - (i % 28 + (%(months)s - k) * 30) * interval '1 day'
                        - interval '1 hour' as starts_at) as cycle;
"""
# The newest is the draft. Of those before it some wait for their customer, some are on their way.
INVOICES = """
insert into invoices (id, organization_id, cycle_id, sequence, period_start, period_end, currency,
        status, total_cents, created_at, seal_after_at, sealed_at, finalized_at, paid_at, parked_at,
        parked_code, parked_reason, revision, synced_revision, synced_total_cents, last_synced_at,
        needs_verification, next_sync_at, sync_failures, stripe_invoice_id, stripe_attempt,
        stripe_status, number, payment_failure, amount_due_cents)
    select cycle.id, i, cycle.id, k, starts_at, ends_at, 'usd', status, 4200 + i % 900, starts_at,
        ends_at + interval '1 hour', ends_at + interval '1 hour',
        case when is_issued then ends_at end, case when status = 'paid' then ends_at end,
        case when is_parked then now() - i % 90 * interval '1 hour' end,
        case when is_parked then 'differs' end, case when is_parked then 'It differs.' end,
        9, case when status = 'draft' then 8 else 9 end, 4100 + i % 900, now() - interval '1 hour',
        false,
        case when status = 'draft'
             then now() + (i % 3600 - 60) * interval '1 second' end,
        case when status = 'draft' and i % 400 = 9 then 4 else 0 end,
        'in_' || cycle.id, 0, case when status = 'draft' then 'draft' else 'paid' end,
        case when is_issued then 'INV-' || cycle.id end,
        case when status = 'open' and i % 100 = 1 then 'The card was declined.' end, 4200
    from billing_cycles as cycle,
        lateral (select organization_id as i, sequence as k) as named,
        lateral (select case
            when k = %(months)s then 'draft'
            when k = %(months)s - 1 and i % 100 < 6 then 'open'
            when k = %(months)s - 1 and i % 500 = 50 then 'closing'
            when k = %(months)s - 1 and i % 500 = 60 then 'sealed'
            when k = 3 and i % 500 = 7 then 'uncollectible'
            when k = 5 and i % 250 = 8 then 'void'
            else 'paid' end as status) as one,
        lateral (select status not in ('draft', 'closing', 'sealed') as is_issued,
            status in ('draft', 'sealed') and i % 1000 in (3, 60) as is_parked) as further
    order by cycle.id;
insert into void_cases (invoice_id, organization_id, state, cents, opened_at, decided_at, reason)
    select id, organization_id, case when organization_id % 1000 = 8 then 'undecided'
        else 'written_off' end, 4200, period_end,
        case when organization_id % 1000 <> 8 then period_end end, 'Ours'
    from invoices where status = 'void';
insert into foreign_lines (organization_id, invoice_id, stripe_line_id, description, amount_cents,
        found_at, decision)
    select organization_id, id, 'il_' || id, 'Consulting', 9900, now() - interval '1 day',
        case organization_id % 3 when 1 then 'leave' when 2 then 'take_ours' end
    from invoices where status = 'draft' and organization_id % 200 = 4;
"""
LEDGER = """
insert into prices (id, code, name, kind, meter, unit_label, currency, created_at)
    select i, 'of-many-' || i, 'Price ' || i, case when i > 3 then 'metered' else 'recurring' end,
        case when i > 3 then 'of-many-' || i end, 'unit', 'usd', now() - interval '1 year'
    from generate_series(1, 6) as i;
insert into price_versions (id, price_id, effective_at, model, unit_amount, allowance, tiers,
        created_at)
    select i, i, now() - interval '2 years', 'per_unit', 5, 0, '[]', now() - interval '1 year'
    from generate_series(1, 6) as i;
insert into services (id, organization_id, price_id, external_id, label, attached_at, created_at)
    select (i - 1) * 3 + k, i, k * 2, 'server-' || k, 'Server ' || k, now() - interval '1 year',
        now() - interval '1 year'
    from generate_series(1, %(many)s) as i, generate_series(1, 3) as k;
insert into service_changes (organization_id, service_id, effective_at, quantity, created_at)
    select organization_id, id, attached_at, 1, attached_at from services;
insert into invoice_items (organization_id, invoice_id, cycle_id, kind, key, price_version_id,
        description, quantity, amount_cents, carried_cents, period_start, period_end, trace,
        revision, created_at, updated_at)
    select organization_id, id, cycle_id, case when k > 1 then 'metered' else 'recurring' end,
        'item:' || id || ':' || k, k * 2, 'Item ' || k, 1, 1400, 0, period_start, period_end, '{}',
        9, created_at, created_at
    from invoices, generate_series(1, 3) as k where status <> 'paid';
insert into usage_totals (organization_id, cycle_id, price_version_id, service_id, day, quantity)
    select organization_id, cycle_id, 4, null, current_date - k, 10
    from invoices, generate_series(0, 4) as k where status = 'draft';
insert into item_changes (invoice_id, changed_at, item_id, change_number, organization_id, ended_at,
        cause, quantity_before, cents_before, quantity, cents, kind, description, price_version_id)
    select invoice_id, hour, items.id, n, items.organization_id, hour + interval '50 minutes',
        case when n % 500 = 1 then 'detach' else 'usage' end, n - 1, n - 1, n, n, kind, description,
        price_version_id
    from invoice_items as items
        join invoices on invoices.id = invoice_id and status = 'draft',
        generate_series(1, case when items.organization_id = 77 then 3000 else 24 end) as n,
        lateral (select now() - (3001 - n) * interval '1 hour' as hour) as at
    where items.kind = 'metered';
insert into adjustments (organization_id, invoice_id, amount_cents, description, reason,
        idempotency_key, actor_kind, actor_label, created_at)
    select organization_id, id, -500, 'Credit', 'Outage', 'credit-' || id, 'user', 'Sam',
        created_at
    from invoices where organization_id % 10 = 0 and status = 'draft';
"""
# In the order in which they came. The last day's are a tenth of them.
RECORDS = """
insert into sync_runs (id, organization_id, invoice_id, trigger, verify, state, actor_kind,
        actor_label, plan, findings, lines_added, lines_changed, lines_removed, calls_planned,
        calls_made, attempts, created_at, started_at, finished_at)
    select n, 1 + n % %(many)s, (%(months)s - case when ran < now() - interval '30 days' then 2
            else 1 end) * %(many)s + 1 + n % %(many)s,
        'scheduled', false, case when n % 700 = 1 then 'failed' else 'succeeded' end, 'system',
        'clock', '{"changes": []}', '[]', 0, 1, 0, 1, 1, 1, ran, ran, ran
    from generate_series(1, %(many)s * 10) as n,
        lateral (select now() - (%(many)s * 10 - n) * interval '10 days' / (%(many)s * 10)
                 as ran) as at;
update sync_runs set state = 'queued', finished_at = null, started_at = null
    where id > %(many)s * 10 - 40;
insert into sync_steps (organization_id, run_id, invoice_id, position, operation, body,
        idempotency_key, fence, attempts, sent_at, finished_at, outcome)
    select organization_id, id, invoice_id, 1, 'update_lines', '{}', 'sync-' || id, 1, 1,
        created_at, created_at, case when id % 5000 <> 2 then 'done' end
    from sync_runs;
insert into webhook_events (id, stripe_event_id, type, object_id, about, livemode, payload, source,
        created_at, received_at, state, attempts, next_attempt_at, claimed_at)
    select n, 'evt_' || md5(n::text), case when n % 50000 = 3 then 'charge.dispute.created'
            when n % 3 = 0 then 'invoice.paid' else 'invoice.updated' end,
        'in_' || 1 + n % (%(many)s * %(months)s), 'in_' || 1 + n % (%(many)s * %(months)s), false,
        '{"object": "event"}', 'webhook', at, at,
        case when n % 20000 = 5 then 'dead' when n % 30000 = 6 then 'unreadable'
             when n % 3 = 0 then 'processed' else 'ignored' end, 1, null, at
    from generate_series(1, %(many)s * 10) as n,
        lateral (select now() - (%(many)s * 10 - n) * interval '1 year' / (%(many)s * 10) as at)
        as came;
update webhook_events set state = 'received', claimed_at = null, next_attempt_at = now()
    where id > %(many)s * 10 - 30;
insert into audit_entries (at, action, subject_type, subject_id, organization_id, actor_kind,
        actor_id, actor_label, facts)
    select now() - (%(many)s * 10 - n) * interval '1 year' / (%(many)s * 10),
        (array['invoice.closed', 'invoice.sealed', 'invoice.finalized'])[1 + n % 3], 'invoice', n,
        1 + n % %(many)s, case when n % 400 = 1 then 'user' else 'system' end, 1,
        case when n % 400 = 1 then 'Sam' when n % 90000 = 2 then 'Rita' else 'clock' end, '{}'
    from generate_series(1, %(many)s * 10) as n;
"""
PEOPLE = """
insert into users (email, name, role, password_hash, is_active, session_version, created_at)
    select 'person-' || i || '@example.com', 'Person ' || i, 'customer', 'x', true, 1, now()
    from generate_series(1, %(many)s / 2) as i;
insert into memberships (user_id, organization_id, created_at)
    select id, row_number() over (order by id), now() from users;
insert into api_tokens (name, prefix, token_hash, scopes, organization_id, created_at)
    select 'Token ' || i, 'bd_' || i, md5(i::text), array['usage:write'], i, now()
    from generate_series(1, %(many)s / 2) as i;
"""
PARTS = (ORGANIZATIONS, INVOICES, LEDGER, RECORDS, PEOPLE)
NUMBERED = ("organizations", "billing_cycles", "invoices", "prices", "price_versions", "services",
            "sync_runs", "webhook_events")  # fmt: skip
# Every draft moves all day long, so no index alone can answer for it.
MOVE = "update invoices set revision = revision + 1 where status = 'draft'"


@dataclass(frozen=True)
class Many:
    """How much there is of everything."""

    organizations: int
    months: int = MONTHS

    @property
    def invoices(self) -> int:
        """How many invoices there are, the drafts included."""
        return self.organizations * self.months


def asked_for() -> Many:
    """Return what the environment asks for, else what a test of every day takes."""
    return Many(int(os.environ.get(VARIABLE, USUALLY)))


def fill_with(many: Many) -> None:
    """Fill the database of the present application."""
    url = db.engine.url.set(drivername="postgresql")
    fill(url.render_as_string(hide_password=False), many)


def fill(database_url: str, many: Many) -> None:
    """Fill an empty, migrated database, and let PostgreSQL learn what is in it."""
    size = {"many": many.organizations, "months": many.months}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for part in PARTS:
            for statement in filter(str.strip, part.split(";\n")):
                connection.execute(_written(statement, size))
        for table in NUMBERED:
            connection.execute(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}"  # noqa: S608  named above
            )
        connection.execute("vacuum analyze")
        connection.execute(MOVE)


def _written(statement: str, size: dict[str, int]) -> bytes:
    """Return the statement with its numbers in it; any other percent sign is one."""
    for name, number in size.items():
        statement = statement.replace(f"%({name})s", str(number))
    return statement.encode()
