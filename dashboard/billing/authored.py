"""What is done to a bill once: by which key it is known, who did it, and when."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.audit.actor import Actor, ActorKind


class Authored:
    """The columns of an act that is done once: the same key again is the same act."""

    reason: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(String(200))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]

    @property
    def actor(self) -> Actor:
        """Who did it."""
        return Actor(cast(ActorKind, self.actor_kind), self.actor_id, self.actor_label)
