"""A timeline is read from the end of each log, also of an organization to which much happens."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.extensions import db
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

PAGE = 1000
OF_MANY = "/organizations/org-77/timeline"
OF_BUSY = "/organizations/org-78/timeline"
ASKED = (
    "", "kind=money", "kind=services", "kind=people", "kind=syncs", "kind=events", "kind=usage",
    "before=1700000000000000-1-5", "first=2026-01-01&last=2026-01-31", "kind=bill&last=2026-02-01",
)  # fmt: skip
# A year of one organization that is synced every hour: its acts, its syncs, and what Stripe told.
BUSY = """
insert into audit_entries (at, action, subject_type, subject_id, organization_id, actor_kind,
        actor_id, actor_label, facts)
    select now() - n * interval '20 minutes',
        case when n % 5000 = 17 then 'service.attached' when n % 3 = 0 then 'invoice.exported'
            else 'usage.taken_off' end,
        'organizations', 78, 78, 'system', null, 'clock', '{}'
    from generate_series(1, 20000) as n;
insert into sync_runs (organization_id, invoice_id, trigger, verify, state, actor_kind,
        actor_label, plan, findings, lines_added, lines_changed, lines_removed, calls_planned,
        calls_made, attempts, created_at, started_at, finished_at)
    select 78, (select max(id) from invoices where organization_id = 78), 'scheduled', false,
        'succeeded', 'system', 'clock', '{"changes": []}', '[]', 0, 1, 0, 1, 1, 1, at, at, at
    from generate_series(1, 9000) as n, lateral (select now() - n * interval '1 hour' as at) as ran;
insert into webhook_events (stripe_event_id, type, object_id, about, livemode, payload, source,
        created_at, received_at, state, attempts)
    select 'evt_busy_' || n, 'invoice.updated', about, about, false, '{}', 'webhook', at, at,
        case when n % 10 = 0 then 'processed' else 'ignored' end, 1
    from generate_series(1, 9000) as n,
        lateral (select now() - n * interval '1 hour' as at) as told,
        lateral (select stripe_invoice_id as about from invoices where organization_id = 78
                 order by sequence desc limit 1) as own;
insert into budget_alerts (organization_id, cycle_id, kind, percent, budget_cents, cents, currency,
        is_news, noted_at)
    select 78, 78, 'used', 50, n, n, 'usd', true, now() - n * interval '3 days'
    from generate_series(1, 120) as n;
insert into mails (kind, address, budget_alert_id, created_at, ends_at, attempts, next_attempt_at,
        sent_at)
    select 'budget', 'member-' || k || '@example.com', id, noted_at, noted_at, 1, noted_at, noted_at
    from budget_alerts, generate_series(1, 3) as k where organization_id = 78;
insert into organization_notes (organization_id, text, key, author_label, created_at)
    select 78, 'Something to know.', 'busy-' || n, 'Sam', now() - n * interval '1 day'
    from generate_series(1, 300) as n
"""
# They arrived in the past with the newest ids, which no log does: other pages would read them all.
AFTER = "delete from webhook_events where stripe_event_id like 'evt_busy_%'"


@pytest.fixture(scope="module")
def busy(filled: Flask) -> Iterator[Flask]:
    """The application, where much happened to one organization."""
    with filled.app_context():
        engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("set session_replication_role = replica"))
        for statement in BUSY.split(";\n"):
            connection.execute(text(statement))
        connection.execute(text("set session_replication_role = origin"))
        connection.execute(text("vacuum analyze"))
    yield filled
    with engine.connect() as connection:
        connection.execute(text(AFTER))
        connection.execute(text("vacuum analyze webhook_events"))


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("path", [OF_MANY, OF_BUSY])
def test_a_page(path: str, asked: str, many: Many, busy: Flask, admin: Browser) -> None:
    address = f"{path}?{asked}"
    with busy.app_context(), explained(db.engine) as plans:
        assert admin.get(address).status_code == 200
    Bound(address, PAGE).check(plans, many)


def test_what_stands_beside_a_bill(many: Many, busy: Flask, admin: Browser) -> None:
    address = f"{OF_BUSY}/recent"
    with busy.app_context(), explained(db.engine) as plans:
        assert admin.get(address, headers={"HX-Request": "true"}).status_code == 200
    Bound(address, PAGE).check(plans, many)
