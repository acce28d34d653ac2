"""Compare bills with their budgets, a slice of the organizations at a time.

What is found and who is to be mailed is written by one statement: a threshold is a row that can be
there once, and its mails are made by whoever made that row. So two processes tell nothing twice,
and one that is killed leaves all of it or nothing, to be found again. Nothing is locked: a budget
depends on the bill, and never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text

from dashboard.budgets.telling import NOTED, tell_crossed
from dashboard.budgets.thresholds import THRESHOLDS
from dashboard.extensions import db
from dashboard.organizations.models import Organization

# Forecasts of a busy bill are made this often, and of a quiet one, whose time passes, so often.
FORECAST_EVERY = timedelta(hours=1)
FORECAST_AT_LEAST_EVERY = timedelta(days=1)
# After this nobody needs to be told any more.
MAILED_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Moved:
    """Of a slice the organizations that are to be looked at, and where the next slice begins."""

    organization_ids: Sequence[int]
    next_place: int | None


MOVED = text("""
    select max(id), count(*), array_agg(id order by id) filter (where is_moved)
    from (
        select budget.id, draft.id is not null and (
                look.organization_id is null
                or look.invoice_id <> draft.id or look.revision <> draft.revision
                or look.budget_cents <> budget.budget_cents
                or (look.forecast_revision is distinct from draft.revision
                    and look.forecast_at < :an_hour_ago)
                or look.forecast_at < :a_day_ago) as is_moved
        from (
            select id, budget_cents from organizations
            where budget_cents is not null and id > :place order by id limit :most
        ) as budget
        left join invoices as draft
            on draft.organization_id = budget.id and draft.status = 'draft'
        left join budget_looks as look on look.organization_id = budget.id
    ) as slice
""")

# What the cycles of some organizations come to so far, beside their budgets.
STANDING = """
    select organizations.id as organization_id, budget_cents, draft.id as invoice_id,
           draft.cycle_id, draft.revision, draft.currency,
           (select coalesce(sum(total_cents), 0) from invoices
            where cycle_id = draft.cycle_id and status <> 'void')::bigint as cents
    from organizations
    join invoices as draft
        on draft.organization_id = organizations.id and draft.status = 'draft'
    where organizations.id = any(cast(:organizations as bigint[])) and budget_cents is not null
"""
# To whom alerts that were just noted are mailed; `forecasts` has the same ending.
MAILS = """
    insert into mails
        (kind, address, budget_alert_id, created_at, ends_at, attempts, next_attempt_at)
    select 'budget', users.email, noted.id, :now, :ends_at, 0, :now
    from noted
    join memberships using (organization_id)
    join users on users.id = memberships.user_id
    where noted.is_news and :is_mailed and memberships.mails_budget
      and memberships.role in ('owner', 'billing') and users.is_active
"""
NOTE_USED = text(f"""
    with standing as ({STANDING}), reached as (
        select standing.*, percent, percent = max(percent) over of_organization as is_news
        from standing, unnest(cast(:percents as bigint[])) as percent
        where cents * 100 >= budget_cents * percent and not exists (
            select from budget_alerts as told
            where told.organization_id = standing.organization_id
              and told.cycle_id = standing.cycle_id
              and told.budget_cents = standing.budget_cents
              and told.kind = 'used' and told.percent = percent.percent)
        window of_organization as (partition by organization_id)
    ), noted as (
        insert into budget_alerts (organization_id, cycle_id, kind, percent, budget_cents, cents,
                                   currency, is_news, noted_at)
        select organization_id, cycle_id, 'used', percent, budget_cents, cents, currency, is_news,
               :now
        from reached order by organization_id, percent
        on conflict on constraint uq_budget_alerts_once do nothing
        returning {NOTED}
    ), looked as (
        insert into budget_looks (organization_id, invoice_id, revision, budget_cents)
        select organization_id, invoice_id, revision, budget_cents from standing
        order by organization_id
        on conflict (organization_id) do update set
            invoice_id = excluded.invoice_id, revision = excluded.revision,
            budget_cents = excluded.budget_cents,
            forecast_at = case when budget_looks.invoice_id = excluded.invoice_id
                and budget_looks.budget_cents = excluded.budget_cents
                then budget_looks.forecast_at end
    ), mailed as ({MAILS})
    select {NOTED} from noted order by id
""")  # noqa: S608  its parts are the constants above


def is_any_budget() -> bool:
    """Whether any organization has a budget."""
    found = select(Organization.id).where(Organization.budget_cents.is_not(None))
    return bool(db.session.scalar(select(found.exists())))


def find_moved(place: int, *, most: int, now: datetime) -> Moved:
    """Return which of the next `most` organizations with a budget are to be looked at.

    Those whose bill or budget moved since the last look, and those whose forecast is old.
    """
    asked = {
        "place": place,
        "most": most,
        "an_hour_ago": now - FORECAST_EVERY,
        "a_day_ago": now - FORECAST_AT_LEAST_EVERY,
    }
    last, seen, moved = db.session.execute(MOVED, asked).one()
    return Moved(moved or (), last if seen == most else None)


def note_used(organization_ids: Collection[int], *, now: datetime, is_mailed: bool) -> int:
    """Note the thresholds that these bills reached; return how many are new.

    Of several that one bill reached since the last look the highest is mailed.
    """
    asked = {
        "organizations": list(organization_ids),
        "percents": list(THRESHOLDS),
        "now": now,
        "ends_at": now + MAILED_WITHIN,
        "is_mailed": is_mailed,
    }
    noted = db.session.execute(NOTE_USED, asked).all()
    tell_crossed(noted, now=now)
    return len(noted)
