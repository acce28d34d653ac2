"""Usage: append-only facts, the keys that make them safe to repeat, and daily totals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from dashboard.extensions import Model
from dashboard.pricing.models import EXACT
from dashboard.services.models import Service


class UsageKey(Model):
    """A key that was counted; a table of its own, as partitions cannot keep a key unique."""

    __tablename__ = "usage_keys"

    # No foreign key, here and in the records: it would be checked row by row. See `accept`.
    organization_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    # What the key stands for, so that the same key with other contents is refused by name.
    fingerprint: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]


class UsageRecord(Model):
    """One fact: so much of a meter at an instant; partitioned by month.

    What was reported never changes. What it is billed by (`service_id`, `price_version_id`) follows
    the services, as they are attached and detached for times gone by.
    """

    __tablename__ = "usage_records"
    __table_args__ = (
        Index("ix_usage_records_organization_id_recorded_at", "organization_id", "recorded_at"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )

    organization_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    meter: Mapped[str] = mapped_column(String(63))
    # The external id that the sender gave; without one whichever service counts the meter.
    named_service: Mapped[str | None] = mapped_column(String(100))
    service_id: Mapped[int | None]
    price_version_id: Mapped[int]
    cycle_id: Mapped[int]
    quantity: Mapped[Decimal] = mapped_column(EXACT)
    received_at: Mapped[datetime]


class UsageWaiting(Model):
    """Units of a day that were accepted and are not on the bill yet: docs/decisions/fold.md."""

    __tablename__ = "usage_waiting"

    organization_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    cycle_id: Mapped[int]
    price_version_id: Mapped[int]
    service_id: Mapped[int | None]
    day: Mapped[date]
    quantity: Mapped[Decimal] = mapped_column(EXACT)
    # The organization's, when its services were read: they may have changed since.
    services_revision: Mapped[int]
    # Together with the rest it tells which records these are.
    received_at: Mapped[datetime]


class UsageTakenOff(Model):
    """A record that was accepted and is not billed, and why; the record itself is kept."""

    __tablename__ = "usage_taken_off"
    __table_args__ = (
        Index("ix_usage_taken_off_organization_id_recorded_at", "organization_id", "recorded_at"),
    )

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    # A key that was forgotten may be used for another record, which is then not this one.
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    # The code a record is refused with that comes after the fact which took this one off.
    reason: Mapped[str] = mapped_column(String(40))
    # The service whose change did it, or whose price could not take the units.
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"), index=True)
    taken_off_at: Mapped[datetime]

    # No foreign key: a month of records that gets a partition leaves the table for a moment.
    record: Mapped[UsageRecord] = relationship(
        primaryjoin=lambda: (
            (foreign(UsageTakenOff.organization_id) == UsageRecord.organization_id)
            & (foreign(UsageTakenOff.key) == UsageRecord.key)
            & (foreign(UsageTakenOff.recorded_at) == UsageRecord.recorded_at)
        ),
        viewonly=True,
    )
    service: Mapped[Service] = relationship()


class UsageTotal(Model):
    """What an organization used of a price version in one nominal cycle, by service and UTC day."""

    __tablename__ = "usage_totals"
    __table_args__ = (
        UniqueConstraint(
            "organization_id",
            "cycle_id",
            "price_version_id",
            "service_id",
            "day",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("billing_cycles.id"))
    price_version_id: Mapped[int] = mapped_column(ForeignKey("price_versions.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    day: Mapped[date]
    quantity: Mapped[Decimal] = mapped_column(EXACT)
