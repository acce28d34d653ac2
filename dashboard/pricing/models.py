"""The catalogue: prices and their versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.extensions import Model
from dashboard.intervals import one_of_sql
from dashboard.pricing.price_models import MODELS, PACKAGED

EXACT = Numeric(38, 12)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


class Price(Model):
    """A catalogue entry: a recurring fee, or usage of a meter."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("kind in ('recurring', 'metered')", name="kind"),
        CheckConstraint("(kind = 'metered') = (meter is not null)", name="meter"),
        CheckConstraint(one_of_sql("interval"), name="interval"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    # What it is listed under; read by `products.product_of`, as most prices are their own.
    product: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    meter: Mapped[str | None] = mapped_column(String(63), index=True)
    unit_label: Mapped[str] = mapped_column(String(40), default="unit")
    currency: Mapped[str] = mapped_column(String(3))
    # What a recurring fee is for; usage counts over the cycle, however long that is.
    interval: Mapped[str] = mapped_column(String(8), default="month", server_default="month")
    created_at: Mapped[datetime]

    versions: Mapped[list[PriceVersion]] = relationship(
        back_populates="price", order_by="PriceVersion.effective_at"
    )


class PriceVersion(Model):
    """What a price costs from `effective_at` until the next version; never changed once made."""

    __tablename__ = "price_versions"
    __table_args__ = (
        UniqueConstraint("price_id", "effective_at"),
        CheckConstraint(f"model in ({_listed(MODELS)})", name="model"),
        CheckConstraint("allowance >= 0", name="allowance"),
        CheckConstraint(
            f"(model in ({_listed(PACKAGED)})) = (package_size is not null)", name="package_size"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    effective_at: Mapped[datetime]
    model: Mapped[str] = mapped_column(String(16))
    # Minor units: 0.05 is a twentieth of a cent. For a recurring price the fee of its interval.
    unit_amount: Mapped[Decimal] = mapped_column(EXACT)
    allowance: Mapped[Decimal] = mapped_column(EXACT, default=Decimal(0))
    package_size: Mapped[Decimal | None] = mapped_column(EXACT)
    # Ordered steps {"up_to": "1000" | null, "unit_amount": "0.1", "flat_amount": "0"};
    # exact decimals as strings.
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    created_at: Mapped[datetime]

    price: Mapped[Price] = relationship(back_populates="versions")

    @property
    def currency(self) -> str:
        """The currency of its price."""
        return self.price.currency

    @property
    def unit_label(self) -> str:
        """What its price calls a unit."""
        return self.price.unit_label
