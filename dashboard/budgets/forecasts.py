"""Note that a cycle will likely cost more than its budget, once for each cycle and amount."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from dashboard.billing.forecast import forecast
from dashboard.billing.models import Invoice
from dashboard.budgets.look import FORECAST_AT_LEAST_EVERY, FORECAST_EVERY, MAILED_WITHIN, MAILS
from dashboard.budgets.telling import NOTED, tell_crossed
from dashboard.budgets.thresholds import crossing
from dashboard.extensions import db
from dashboard.usage.arrays import instants, integers

ALL = 100


class Due(NamedTuple):
    """A bill whose forecast is due, and what the earlier invoices of its cycle come to."""

    invoice_id: int
    budget_cents: int
    earlier_cents: int


class Crossed(NamedTuple):
    """A bill that will likely cross its budget."""

    invoice: Invoice
    budget_cents: int
    likely_cents: int
    crosses_at: datetime


# Nothing is foretold of what is known: neither once it was told, nor once all of it is used.
DUE = text("""
    select draft.id, organizations.budget_cents, earlier.cents
    from organizations
    join budget_looks as look on look.organization_id = organizations.id
    join invoices as draft
        on draft.organization_id = organizations.id and draft.status = 'draft'
    cross join lateral (
        select coalesce(sum(total_cents), 0)::bigint as cents from invoices
        where cycle_id = draft.cycle_id and id <> draft.id and status <> 'void'
    ) as earlier
    where organizations.id = any(cast(:organizations as bigint[]))
      and organizations.budget_cents is not null
      and earlier.cents + draft.total_cents < organizations.budget_cents
      and (look.forecast_at is null or look.forecast_at < :a_day_ago
           or (look.forecast_revision is distinct from draft.revision
               and look.forecast_at < :an_hour_ago))
      and not exists (
          select from budget_alerts as told
          where told.organization_id = organizations.id and told.cycle_id = draft.cycle_id
            and told.budget_cents = organizations.budget_cents and told.kind = 'forecast')
""")
NOTE_FORECASTS = text(f"""
    with crossed as (
        select * from unnest(
            cast(:organizations as bigint[]), cast(:cycles as bigint[]),
            cast(:budgets as bigint[]), cast(:likely as bigint[]),
            cast(:currencies as varchar[]), cast(:crossings as timestamptz[]))
            as crossed (organization_id, cycle_id, budget_cents, cents, currency, crosses_at)
    ), noted as (
        insert into budget_alerts (organization_id, cycle_id, kind, percent, budget_cents, cents,
                                   currency, crosses_at, is_news, noted_at)
        select organization_id, cycle_id, 'forecast', {ALL}, budget_cents, cents, currency,
               crosses_at, true, :now
        from crossed order by organization_id
        on conflict on constraint uq_budget_alerts_once do nothing
        returning {NOTED}
    ), mailed as ({MAILS})
    select {NOTED} from noted order by id
""")  # noqa: S608  its parts are the constants above
NOTE_LOOKED = text("""
    update budget_looks as look
    set forecast_at = :now, forecast_revision = draft.revision
    from unnest(cast(:invoices as bigint[]), cast(:revisions as bigint[])) as draft (id, revision)
    where look.invoice_id = draft.id
      and look.organization_id = any(cast(:organizations as bigint[]))
""")


def note_forecasts(organization_ids: Collection[int], *, now: datetime, is_mailed: bool) -> int:
    """Note which of these bills will likely cross their budgets; return how many are new.

    Those that were just looked at, as far as a forecast is due.
    """
    due = _due(organization_ids, now)
    if not due:
        return 0
    drafts = db.session.scalars(
        select(Invoice)
        .where(Invoice.id.in_([one.invoice_id for one in due]))
        .order_by(Invoice.organization_id)
        .options(joinedload(Invoice.cycle))
    ).all()
    by_id = {one.invoice_id: one for one in due}
    crossed = [
        found for draft in drafts if (found := _crossed(draft, by_id[draft.id], now)) is not None
    ]
    asked = {
        "invoices": integers(one.id for one in drafts),
        "revisions": integers(one.revision for one in drafts),
        "organizations": integers(one.organization_id for one in drafts),
        "now": now,
    }
    db.session.execute(NOTE_LOOKED, asked)
    return _note(crossed, now, is_mailed=is_mailed) if crossed else 0


def likely_cents(invoice: Invoice, *, now: datetime) -> int | None:
    """Return what a draft will likely come to; None while it is too early to say."""
    expected = forecast(invoice, now=now)
    return None if expected.is_too_early else expected.likely_cents


def _due(organization_ids: Collection[int], now: datetime) -> list[Due]:
    asked = {
        "organizations": list(organization_ids),
        "an_hour_ago": now - FORECAST_EVERY,
        "a_day_ago": now - FORECAST_AT_LEAST_EVERY,
    }
    return [Due(*row) for row in db.session.execute(DUE, asked)]


def _crossed(draft: Invoice, due: Due, now: datetime) -> Crossed | None:
    likely = likely_cents(draft, now=now)
    if likely is None:
        return None
    likely += due.earlier_cents
    used = due.earlier_cents + draft.total_cents
    crosses_at = crossing(due.budget_cents, used, likely, now, draft.period_end)
    if crosses_at is None:
        return None
    return Crossed(draft, due.budget_cents, likely, crosses_at)


def _note(crossed: Collection[Crossed], now: datetime, *, is_mailed: bool) -> int:
    asked = {
        "organizations": integers(one.invoice.organization_id for one in crossed),
        "cycles": integers(one.invoice.cycle_id for one in crossed),
        "budgets": integers(one.budget_cents for one in crossed),
        "likely": integers(one.likely_cents for one in crossed),
        "currencies": [one.invoice.currency for one in crossed],
        "crossings": instants(one.crosses_at for one in crossed),
        "now": now,
        "ends_at": now + MAILED_WITHIN,
        "is_mailed": is_mailed,
    }
    noted = db.session.execute(NOTE_FORECASTS, asked).all()
    tell_crossed(noted, now=now)
    return len(noted)
