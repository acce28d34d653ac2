"""The page of a budget: how the cycle stands, what was told, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.accounts.models import Membership
from dashboard.billing.current import draft_of
from dashboard.billing.models import Invoice
from dashboard.budgets.forecasts import likely_cents
from dashboard.budgets.listing import alerts_in_cycle, alerts_of, unusual_of
from dashboard.budgets.models import BudgetAlert, UnusualUsage
from dashboard.budgets.receivers import payers_of
from dashboard.budgets.thresholds import THRESHOLDS, Budget, measure
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import Asked, Stretch


@dataclass(frozen=True, slots=True)
class Threshold:
    """A part of the budget, the amount it is, and what was told once it was reached."""

    percent: int
    cents: int
    is_reached: bool
    alert: BudgetAlert | None


@dataclass(frozen=True, slots=True)
class BudgetPage:
    """What the page shows; without a draft or a budget there is nothing to compare."""

    invoice: Invoice | None
    budget: Budget | None
    thresholds: Sequence[Threshold]
    foretold: BudgetAlert | None
    alerts: Stretch[BudgetAlert]
    unusual: Sequence[UnusualUsage]
    members: Sequence[Membership]

    def own_choice(self, user_id: int) -> Membership | None:
        """Return the membership of the reader, if they are a member."""
        return next((one for one in self.members if one.user_id == user_id), None)


def budget_page(organization: Organization, asked: Asked, *, now: datetime) -> BudgetPage:
    """Return what there is to show of an organization's budget."""
    invoice = draft_of(organization)
    budget = budget_of(organization, invoice, now=now) if invoice else None
    told = (
        alerts_in_cycle(organization.id, invoice.cycle_id, budget.cents)
        if invoice and budget
        else []
    )
    return BudgetPage(
        invoice,
        budget,
        _thresholds(budget, told) if budget else (),
        next((one for one in told if one.kind == "forecast"), None),
        alerts_of(organization.id, asked),
        unusual_of(organization.id),
        payers_of(organization.id),
    )


def budget_of(organization: Organization, invoice: Invoice, *, now: datetime) -> Budget | None:
    """Return an organization's budget beside the cycle of its draft; None without one."""
    if organization.budget_cents is None:
        return None
    earlier = _earlier_cents(invoice)
    likely = likely_cents(invoice, now=now)
    return measure(
        organization.budget_cents,
        earlier + invoice.total_cents,
        None if likely is None else earlier + likely,
        now=now,
        ends_at=invoice.period_end,
    )


def _earlier_cents(invoice: Invoice) -> int:
    owed = select(func.coalesce(func.sum(Invoice.total_cents), 0)).where(
        Invoice.cycle_id == invoice.cycle_id, Invoice.id != invoice.id, Invoice.status != "void"
    )
    return int(db.session.scalar(owed) or 0)


def _thresholds(budget: Budget, told: Sequence[BudgetAlert]) -> list[Threshold]:
    alerts = {one.percent: one for one in told if one.kind == "used"}
    return [
        Threshold(percent, budget.at(percent), budget.reached(percent), alerts.get(percent))
        for percent in THRESHOLDS
    ]
