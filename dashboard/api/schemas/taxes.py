"""Automatic tax as the API speaks of it; amounts are minor units before tax."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import StringConstraints

from dashboard.api.schemas.types import Printable, Reason, Sent, Told
from dashboard.gateway.records import LineContent
from dashboard.organizations.models import Organization
from dashboard.sync.tax_switch import TaxPlan

CurrentStatus = Literal["complete", "requires_location_inputs", "failed", "unknown"]
KNOWN: Mapping[str, CurrentStatus] = {
    "complete": "complete",
    "requires_location_inputs": "requires_location_inputs",
    "failed": "failed",
}


class TaxIn(Sent):
    """Which way the switch goes; `seen` is what the reading answered, if it is to be as it was."""

    automatic_tax: bool
    reason: Reason
    seen: Annotated[str, StringConstraints(max_length=64), Printable] | None = None


class TaxLineOut(Told):
    """A line of the current invoice that another tax changes at Stripe."""

    key: str
    description: str
    amount_cents: int

    @classmethod
    def of(cls, line: LineContent) -> "TaxLineOut":
        """Read a line."""
        return cls(key=line.key, description=line.description, amount_cents=line.amount_cents)


class TaxPreviewOut(Told):
    """What switching does to the current invoice as it is now.

    With tax on, no line is below zero: `credits` are taken off the `lowered` lines, and
    `carried_cents`, zero or below, waits for the next bill.
    """

    automatic_tax: bool
    total_cents: int
    billed_cents: int
    carried_cents: int
    credits: list[TaxLineOut]
    lowered: list[TaxLineOut]
    seen: str

    @classmethod
    def of(cls, plan: TaxPlan) -> "TaxPreviewOut":
        """Read a plan."""
        return cls(
            automatic_tax=plan.is_on,
            total_cents=plan.total_cents,
            billed_cents=plan.billed_cents,
            carried_cents=plan.carried_cents,
            credits=[TaxLineOut.of(line) for line in plan.credits],
            lowered=[TaxLineOut.of(line) for line in plan.lowered],
            seen=plan.seen,
        )


class TaxOut(Told):
    """How automatic tax stands, what Stripe said last of the current invoice's, and the other way.

    `current_status` is null where Stripe works no tax out for the current invoice.
    """

    automatic_tax: bool
    current_status: CurrentStatus | None
    other: TaxPreviewOut

    @classmethod
    def of(cls, organization: Organization, plan: TaxPlan) -> "TaxOut":
        """Read an organization with the plan of the other way."""
        invoice = plan.invoice
        known = KNOWN.get(invoice.stripe_tax_status or "", "unknown")
        return cls(
            automatic_tax=organization.automatic_tax,
            current_status=known if invoice.stripe_automatic_tax else None,
            other=TaxPreviewOut.of(plan),
        )


class TaxSwitchedOut(Told):
    """A switch that was done, or was so already; from which invoice on."""

    automatic_tax: bool
    is_new: bool
    invoice: int

    @classmethod
    def of(cls, plan: TaxPlan) -> "TaxSwitchedOut":
        """Read a plan that was carried out."""
        return cls(automatic_tax=plan.is_on, is_new=plan.is_new, invoice=plan.invoice.sequence)
