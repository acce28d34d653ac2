"""What only the clock can tell of: a bill that is past due, and a card that expires soon.

Stripe tells neither by an event. A look may come twice or late: the occasion is taken then, and a
day that passed longer ago than mails wait is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager

from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.policy import current_policy
from dashboard.extensions import db
from dashboard.mail.bills import NEWS, Occasion, put_in_outbox
from dashboard.organizations.models import Organization

# So long before its last day a card is said to expire.
EXPIRES_SOON = timedelta(days=30)


def mail_reminders(*, now: datetime) -> int:
    """Remind of what is past due, on the days that each organization chose; return of how many."""
    if not current_policy().mails_bills:
        return 0
    query = (
        select(Invoice, Organization.reminder_days)
        .join(Invoice.organization)
        .where(
            Invoice.status == "open",
            Invoice.parked_at.is_(None),
            Organization.mails_bills,
            func.cardinality(Organization.reminder_days) > 0,
        )
        .order_by(Invoice.id)
        .options(contains_eager(Invoice.organization))
    )
    found = 0
    for invoice, days in db.session.execute(query):
        state = payment_of(invoice, now)
        day = None if state.late_since is None else due_day(days, state.late_since, now)
        if day is None or state.late_since is None or state.owed_cents <= 0:
            continue
        at = state.late_since + timedelta(days=day)
        whose = invoice.organization_id
        occasion = Occasion("reminder", f"{invoice.id}:{day}", whose, at, invoice.id)
        put_in_outbox(occasion, now=now)
        found += 1
    return found


def due_day(days: Sequence[int], late_since: datetime, now: datetime) -> int | None:
    """Return the last of the days past due that has come, unless that was longer ago than news."""
    come = [day for day in days if late_since + timedelta(days=day) <= now]
    if not come:
        return None
    last = max(come)
    return last if now - (late_since + timedelta(days=last)) <= NEWS else None


def mail_expiring_cards(*, now: datetime) -> int:
    """Tell of the cards that are charged and expire within the month; return of how many."""
    if not current_policy().mails_bills:
        return 0
    month, year = (
        Organization.payment_method[name].as_integer() for name in ("exp_month", "exp_year")
    )
    at = now.astimezone(UTC)
    index = at.year * 12 + at.month - 1
    query = (
        select(Organization.id, Organization.payment_method)
        .where(
            Organization.payment_method.is_not(None),
            Organization.collection_method == "charge_automatically",
            Organization.mails_bills,
            or_(
                Organization.customer_lost_at.is_(None),
                Organization.stripe_customer_id.is_not(None),
            ),
            (year * 12 + month - 1).in_((index, index + 1)),
        )
        .order_by(Organization.id)
    )
    found = 0
    for organization_id, card in db.session.execute(query).all():
        ends_at = expires_at(card)
        if ends_at is None or not now < ends_at <= now + EXPIRES_SOON:
            continue
        subject = f"{organization_id}:{card_name(card)}"
        put_in_outbox(Occasion("card_expiring", subject, organization_id, now), now=now)
        found += 1
    return found


def expires_at(card: Any) -> datetime | None:
    """Return the instant from which a card is not accepted; None where that is not known."""
    if not card or not card.get("exp_month") or not card.get("exp_year"):
        return None
    years, month = divmod(int(card["exp_month"]), 12)
    return datetime(int(card["exp_year"]) + years, month + 1, 1, tzinfo=UTC)


def card_name(card: Any) -> str:
    """Return the name of a card with its last month: one that was renewed is another."""
    return f"{card.get('last4')}-{card['exp_year']}-{int(card['exp_month']):02d}"
