"""What somebody last read of an invoice at Stripe, so that it can be seen while Stripe is away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class StripeReading(Model):
    """The lines of one invoice at Stripe as they were read last; the next reading replaces them."""

    __tablename__ = "stripe_readings"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    # Another one after a draft was lost there and made again.
    stripe_invoice_id: Mapped[str] = mapped_column(String(64))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    read_at: Mapped[datetime]
    read_by: Mapped[str] = mapped_column(String(200))
