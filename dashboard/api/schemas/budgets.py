"""Budgets as the API speaks of them; amounts are minor units, before tax."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dashboard.api.schemas.types import Instant, Sent, Told
from dashboard.budgets.change import MOST_CENTS
from dashboard.budgets.models import BudgetAlert
from dashboard.budgets.thresholds import Budget
from dashboard.organizations.models import Organization


class BudgetIn(Sent):
    """The most a cycle is meant to cost; null removes the budget."""

    amount_cents: Annotated[int, Field(ge=1, le=MOST_CENTS)] | None


class BudgetAlertOut(Told):
    """An alert of a cycle: `percent` of the budget `used`, or a `forecast` above the budget.

    `cents` is what the cycle came to, or would likely come to, at that time.
    """

    kind: str
    percent: int
    budget_cents: int
    cents: int
    crosses_at: Instant | None
    noted_at: Instant


class BudgetOut(Told):
    """A budget and its use in the current cycle, all invoices included. It never stops usage.

    `likely_cents` is null while it is too early to say, `crosses_at` while the budget will likely
    hold. `alerts` are those of this cycle.
    """

    amount_cents: int | None
    currency: str
    used_cents: int | None
    used_percent: int | None
    likely_cents: int | None
    crosses_at: Instant | None
    alerts: list[BudgetAlertOut]

    @classmethod
    def of(
        cls, organization: Organization, budget: Budget | None, alerts: list[BudgetAlert]
    ) -> BudgetOut:
        """Read a budget."""
        return cls.model_construct(
            amount_cents=organization.budget_cents,
            currency=organization.currency,
            used_cents=budget and budget.used_cents,
            used_percent=budget and budget.percent,
            likely_cents=budget and budget.likely_cents,
            crosses_at=budget and budget.crosses_at,
            alerts=[BudgetAlertOut.model_validate(one) for one in alerts],
        )
