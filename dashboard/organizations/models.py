"""Organizations: our customers, each of them one Stripe customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, false, text, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model
from dashboard.intervals import one_of_sql

# What Stripe's customer is told only once it was set here.
KEPT_HERE = ("address", "tax_exempt")


class Organization(Model):
    """Somebody we bill, in one currency, in cycles that are counted from `cycle_anchor_at`."""

    __tablename__ = "organizations"
    __table_args__ = (
        # Unique so that two organizations never share a bill; partial for the reason given there
        # for invoices.
        Index(
            "uq_organizations_stripe_customer_id", "stripe_customer_id", unique=True,
            postgresql_where=text("stripe_customer_id is not null"),
        ),
        Index(
            "uq_organizations_stripe_subscription_id", "stripe_subscription_id", unique=True,
            postgresql_where=text("stripe_subscription_id is not null"),
        ),
        # The list is read in this order, and searched in it without a look at the rows themselves.
        Index("ix_organizations_listed", "name", "id", postgresql_include=["slug", "email"]),
        # However it was typed, for whom a mail to it was refused.
        Index("ix_organizations_email_lower", text("lower(email)")),
        Index("ix_organizations_tags", "tags", postgresql_using="gin"),
        # The few that are compared with their bills, read without a look at the rows themselves.
        Index(
            "ix_organizations_with_budget", "id", postgresql_include=["budget_cents"],
            postgresql_where=text("budget_cents is not null"),
        ),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]*$'", name="slug"),
        CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency"),
        CheckConstraint(
            "collection_method in ('charge_automatically', 'send_invoice')",
            name="collection_method",
        ),
        CheckConstraint(
            "(collection_method = 'send_invoice') = (days_until_due is not null)",
            name="days_until_due",
        ),
        CheckConstraint("budget_cents > 0", name="budget"),
        CheckConstraint("tax_exempt in ('none', 'exempt', 'reverse')", name="tax_exempt"),
        CheckConstraint(one_of_sql("cycle_interval"), name="cycle_interval"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), index=True)
    external_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    collection_method: Mapped[str] = mapped_column(String(24), default="charge_automatically")
    days_until_due: Mapped[int | None]
    # How its next cycle is counted; the cycles that there are keep how they were made.
    cycle_anchor_at: Mapped[datetime]
    cycle_interval: Mapped[str] = mapped_column(String(8), default="month", server_default="month")
    cycle_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    # The card that is charged: {"brand", "last4", "exp_month", "exp_year"}; see `cards`.
    payment_method: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Every card that Stripe told of, by its id there, and which of them it charges by default.
    cards: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    default_card: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # When its customer was deleted at Stripe: what was issued before is on no portal any more.
    customer_lost_at: Mapped[datetime | None]
    # Words of the billing team's own; Stripe is not told of them.
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list, server_default="{}")
    # Whether Stripe works tax out for its next bills.
    automatic_tax: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Its parts that say anything, see `address`; None: whatever Stripe has stays there.
    address: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    # Whether tax is asked for: "none", "exempt" or "reverse"; None: as Stripe has it.
    tax_exempt: Mapped[str | None] = mapped_column(String(8))
    # What Stripe's customer was last told and confirmed: {"name", "email"}, and of the two above
    # what is kept here.
    agreed_customer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # What somebody made of it at Stripe, in the same form, until a person decides on it.
    customer_at_stripe: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Set at first need, idempotently.
    stripe_customer_id: Mapped[str | None] = mapped_column(String(64))
    # The subscription on whose invoices it is billed, and what was last read of that: see
    # `billing.subscription`.
    stripe_subscription_id: Mapped[str | None] = mapped_column(String(64))
    subscription: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Rises with every attachment and end of a metered service, under the row's lock: usage that was
    # accepted under another one is looked at again when it is counted.
    services_revision: Mapped[int] = mapped_column(default=0, server_default="0")
    # What a cycle is meant to cost at most; people are told, and nothing is stopped.
    budget_cents: Mapped[int | None]
    # Whether it is mailed its bills and what becomes of them, and on which days past due reminded.
    mails_bills: Mapped[bool] = mapped_column(default=True, server_default=true())
    reminder_days: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}"
    )
    # Whether it goes on being served, as of the clock's last look: see `dashboard.standing`.
    standing: Mapped[str] = mapped_column(String(10), default="good", server_default="good")
    created_at: Mapped[datetime]

    @property
    def customer(self) -> dict[str, Any]:
        """What Stripe's customer should say; mail addresses are found there in lower case only."""
        kept = {name: getattr(self, name) for name in KEPT_HERE}
        told = {name: value for name, value in kept.items() if value is not None}
        return {"name": self.name, "email": self.email.lower(), **told}

    @property
    def terms(self) -> dict[str, str | int | None]:
        """How the next invoices are collected, as Stripe's drafts are told."""
        return {
            "collection_method": self.collection_method,
            "days_until_due": self.days_until_due,
        }
