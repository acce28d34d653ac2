"""Bills that reach their budgets, and what was told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.budgets.change import set_budget
from dashboard.budgets.forecasts import note_forecasts
from dashboard.budgets.look import find_moved, note_used
from dashboard.budgets.models import BudgetAlert
from dashboard.extensions import db
from dashboard.mail.models import Mail
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import NOW, SUPPORT, MembershipFactory, UserFactory
from tests.support.usage import record_batch

MINUTE = timedelta(minutes=1)


def charge(organization: Organization, cents: int) -> None:
    """Put a charge, or a credit, on the current invoice."""
    with transaction():
        add_adjustment(
            current_invoice(organization),
            Money(cents, organization.currency),
            reason="A test",
            description="Work",
            actor=SUPPORT,
            now=NOW,
            key=str(uuid4()),
        )


def budget(organization: Organization, cents: int | None) -> None:
    """Set the budget."""
    with transaction():
        set_budget(organization, cents, now=NOW, actor=SUPPORT)


def use(slug: str, quantity: int, at: datetime, *, now: datetime = NOW) -> None:
    """Have so many requests on the bill."""
    with transaction():
        entry = ReportedRecord(slug, "requests", str(uuid4()), Decimal(quantity), at)
        record_batch([entry], now=now)


def look(*, now: datetime = NOW, is_mailed: bool = True) -> int:
    """Look once at everything that moved, as the job does; return how much is new."""
    noted, place = 0, 0
    while True:
        with transaction():
            moved = find_moved(place, most=2, now=now)
            if moved.organization_ids:
                noted += note_used(moved.organization_ids, now=now, is_mailed=is_mailed)
                noted += note_forecasts(moved.organization_ids, now=now, is_mailed=is_mailed)
        if moved.next_place is None:
            return noted
        place = moved.next_place


def told(organization: Organization) -> list[tuple[str, int, int]]:
    """Return what was told: of which kind, at how many per cent, at which amount."""
    rows = db.session.scalars(
        select(BudgetAlert)
        .where(BudgetAlert.organization_id == organization.id)
        .order_by(BudgetAlert.id)
    )
    return [(one.kind, one.percent, one.cents) for one in rows]


def mailed() -> list[tuple[str, int]]:
    """Return to whom alerts are mailed, at how many per cent."""
    rows = db.session.execute(
        select(Mail.address, BudgetAlert.percent)
        .join(BudgetAlert, BudgetAlert.id == Mail.budget_alert_id)
        .order_by(Mail.id)
    )
    return [(address, percent) for address, percent in rows]


def member(organization: Organization, name: str = "ada", **choices: bool | str) -> None:
    """Add somebody who is told."""
    with transaction():
        user = UserFactory(email=f"{name}@example.com", name=name.title())
        MembershipFactory(user=user, organization_id=organization.id, **choices)
