"""The rules of service standing, and the standing of those whom they or a person moved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model
from dashboard.standing.rules import Override, Rules, Standing

_ONE_OF = "in ('good', 'warned', 'suspended')"


class StandingRules(Model):
    """What an admin set; one row. `minimums` is {"": amount for the rest, currency: amount}."""

    __tablename__ = "standing_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("warn_after_days >= 0 and suspend_after_days >= 0", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    warn_after_days: Mapped[int | None]
    suspend_after_days: Mapped[int | None]
    minimums: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    # Rises with every change, so that a form knows whether it shows the present ones.
    revision: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def rules(self) -> Rules:
        """The rules as they are applied."""
        amounts = {name: Decimal(amount) for name, amount in self.minimums.items()}
        return Rules(
            self.warn_after_days,
            self.suspend_after_days,
            amounts.pop("", Decimal(0)),
            amounts,
        )


class ServiceStanding(Model):
    """The standing of one organization; without a row it was never anything but good.

    `by_rules` is what the rules gave at the last look, `standing` what held then, since
    `changed_at`; what a person set holds until `override_until`.
    """

    __tablename__ = "service_standings"
    __table_args__ = (
        CheckConstraint(f"by_rules {_ONE_OF} and standing {_ONE_OF}", name="standings"),
        CheckConstraint(f"override {_ONE_OF}", name="override"),
        CheckConstraint("(override is null) = (override_until is null)", name="override_ends"),
        # The few that are looked at though nothing of theirs is late.
        Index(
            "ix_service_standings_moved", "organization_id",
            postgresql_where=text("standing <> 'good' or override is not null"),
        ),
    )  # fmt: skip

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id"), primary_key=True, autoincrement=False
    )
    by_rules: Mapped[str] = mapped_column(String(10), default="good")
    standing: Mapped[str] = mapped_column(String(10), default="good")
    changed_at: Mapped[datetime]
    override: Mapped[str | None] = mapped_column(String(10))
    override_until: Mapped[datetime | None]
    override_reason: Mapped[str | None] = mapped_column(Text)
    override_by: Mapped[str | None] = mapped_column(String(200))

    @property
    def set_by_hand(self) -> Override | None:
        """What a person set, over or not."""
        if self.override is None or self.override_until is None:
            return None
        return Override(cast(Standing, self.override), self.override_until)
