"""What is kept of an organization's last cycle, so that a forecast need not read its days."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class UsageHabits(Model):
    """The habits of an organization in the newest cycle that was sealed: see `habits`."""

    __tablename__ = "usage_habits"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("billing_cycles.id"))
    # By the id of the price: `Habit.to_json`.
    habits: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
