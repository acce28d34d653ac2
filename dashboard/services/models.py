"""Services: prices attached to organizations for a time, and the quantity they had when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Model
from dashboard.pricing.models import EXACT, Price


class Service(Model):
    """A price attached to an organization, from `attached_at` to `detached_at` (half-open, UTC)."""

    __tablename__ = "services"
    __table_args__ = (
        # One external id may be attached again and again, but only once at a time.
        UniqueConstraint("organization_id", "external_id", "attached_at"),
        Index(
            "uq_services_attached_external_id", "organization_id", "external_id", unique=True,
            postgresql_where=text("detached_at is null"),
        ),
        CheckConstraint("detached_at is null or detached_at >= attached_at", name="period"),
        Index("ix_services_organization_id_price_id", "organization_id", "price_id"),
        # Looked for by how they begin, whatever the order of letters is in this database.
        Index(
            "ix_services_external_id_begins", "external_id",
            postgresql_ops={"external_id": "varchar_pattern_ops"},
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    # The sub-system's own name of the thing, e.g. a server id; usage may refer to it.
    external_id: Mapped[str | None] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(200))
    attached_at: Mapped[datetime]
    detached_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    price: Mapped[Price] = relationship()
    changes: Mapped[list[ServiceChange]] = relationship(
        back_populates="service", order_by="ServiceChange.effective_at"
    )


Index(
    "ix_services_label_begins", func.lower(Service.label).label("begins"),
    postgresql_ops={"begins": "text_pattern_ops"},
)  # fmt: skip


class ServiceChange(Model):
    """The quantity of a service from `effective_at` on; the first is made when it is attached."""

    __tablename__ = "service_changes"
    __table_args__ = (
        UniqueConstraint("service_id", "effective_at"),
        CheckConstraint("quantity >= 0", name="quantity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    effective_at: Mapped[datetime]
    quantity: Mapped[Decimal] = mapped_column(EXACT)
    created_at: Mapped[datetime]

    service: Mapped[Service] = relationship(back_populates="changes")
