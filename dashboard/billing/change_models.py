"""What happened to the lines of bills: the last change of a line stands on it, earlier ones here.

A trigger (`keep_item_change`) writes a line's change down when the next one comes, in the statement
that brings it, and says what was before; another refuses to change or delete what is written. So
nothing is written twice, and usage costs a row an hour (docs/decisions/item-history.md).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model
from dashboard.pricing.models import EXACT


class Change:
    """Why a line changed, and what it billed before."""

    # A kind of `cause.Cause`; none for what is from before history was kept.
    cause: Mapped[str | None] = mapped_column(String(20))
    cause_id: Mapped[int | None]
    actor_kind: Mapped[str | None] = mapped_column(String(10))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str | None] = mapped_column(String(200))
    # The trigger's: its number among those of the line, and what was billed before it.
    change_number: Mapped[int] = mapped_column(server_default="1")
    quantity_before: Mapped[Decimal] = mapped_column(EXACT, server_default="0")
    cents_before: Mapped[int] = mapped_column(server_default="0")


class ItemChange(Change, Model):
    """A change of a line that another followed, or its removal; never changed.

    The line may be gone, so what it said is here too.
    """

    __tablename__ = "item_changes"
    __table_args__ = (
        Index(
            "ix_item_changes_organization", "organization_id", "changed_at", "item_id",
            "change_number",
        ),
        # What is looked for is rare among hours of usage.
        Index(
            "ix_item_changes_facts", "organization_id", "changed_at", "item_id", "change_number",
            postgresql_where=text("cause <> 'usage'"),
        ),
    )  # fmt: skip

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    # When it began: usage of an hour is one change.
    changed_at: Mapped[datetime] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True)
    change_number: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int]
    # The last of what it was made of.
    ended_at: Mapped[datetime]
    quantity: Mapped[Decimal] = mapped_column(EXACT)
    cents: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(String(500))
    price_version_id: Mapped[int | None]
    service_id: Mapped[int | None]
