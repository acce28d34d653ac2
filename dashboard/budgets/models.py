"""What a bill reached of its budget, how far it was looked at, and usage far from its habit."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.budgets.habit import times_of
from dashboard.extensions import Model


class BudgetAlert(Model):
    """A threshold that a cycle's bill reached: once for each cycle and amount of the budget.

    `kind` says whether so much was `used`, or is what the `forecast` comes to; `cents` is which. Of
    several that are reached at one look the highest is the `is_news`: only that one is mailed.
    """

    __tablename__ = "budget_alerts"
    __table_args__ = (
        UniqueConstraint(
            "organization_id", "cycle_id", "budget_cents", "kind", "percent",
            name="uq_budget_alerts_once",
        ),
        CheckConstraint("kind in ('used', 'forecast')", name="kind"),
        CheckConstraint("budget_cents > 0", name="budget"),
        Index("ix_budget_alerts_organization_id_id", "organization_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("billing_cycles.id"))
    kind: Mapped[str] = mapped_column(String(16))
    percent: Mapped[int]
    budget_cents: Mapped[int]
    cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    # When the forecast crosses the budget.
    crosses_at: Mapped[datetime | None]
    is_news: Mapped[bool]
    noted_at: Mapped[datetime]


class BudgetLook(Model):
    """How far a bill was compared with its budget; what moved since is looked at again."""

    __tablename__ = "budget_looks"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id"), primary_key=True, autoincrement=False
    )
    invoice_id: Mapped[int]
    revision: Mapped[int]
    budget_cents: Mapped[int]
    # A forecast takes longer, so it is made at most once in an hour.
    forecast_revision: Mapped[int | None]
    forecast_at: Mapped[datetime | None]


class UnusualUsage(Model):
    """Days on which a product cost far more than it is used to: one row for each such episode.

    `cents` is what they cost, `habit_cents` what the habit would have; both grow until `ended_on`.
    """

    __tablename__ = "unusual_usage"
    __table_args__ = (
        UniqueConstraint(
            "organization_id", "product", "began_on", name="uq_unusual_usage_once"
        ),
        Index(
            "uq_unusual_usage_open", "organization_id", "product", unique=True,
            postgresql_where=text("ended_on is null"),
        ),
        # What a person is to see, the newest first.
        Index("ix_unusual_usage_noted_at_open", "noted_at", "id",
              postgresql_where=text("ended_on is null")),
        Index("ix_unusual_usage_organization_id_id", "organization_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    product: Mapped[str] = mapped_column(String(200))
    began_on: Mapped[date]
    last_on: Mapped[date]
    cents: Mapped[int]
    habit_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    # The service that used most above its habit; none where usage named none.
    service_label: Mapped[str | None] = mapped_column(String(200))
    noted_at: Mapped[datetime]
    ended_on: Mapped[date | None]

    @property
    def most_on(self) -> str | None:
        """The service to name beside the product, None where both have one name."""
        return None if self.service_label == self.product else self.service_label

    @property
    def above_cents(self) -> int:
        """What it cost beyond its habit."""
        return self.cents - self.habit_cents

    @property
    def times(self) -> str:
        """How many times its habit it cost, with one decimal: 3.2."""
        return times_of(self.cents, self.habit_cents)
