"""Automatic tax of an organization's bills: what the switch changes, and switching it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.current import current_invoice
from dashboard.billing.draft import touch
from dashboard.billing.locks import lock_open, lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.errors import Conflict, Stale
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import LineContent
from dashboard.organizations.models import Organization
from dashboard.sync.rows import Charge, read_sides
from dashboard.sync.snapshot import is_billed, line_of, rolled_up
from dashboard.sync.taxed_lines import Fitted, fit

CANNOT_TELL = "unknown"
NO_PRODUCT = (
    "Automatic tax needs the product at Stripe whose tax code the bills have. Nothing was changed. "
    "Set STRIPE_TAX_PRODUCT, restart, then switch it on."
)


@dataclass(frozen=True, slots=True)
class TaxPlan:
    """What switching automatic tax does to the current invoice; sums in minor units, before tax.

    `credits` are its lines below zero. With tax on, `lowered` charge less in their place and
    `carried_cents`, zero or below, waits for the next bill.
    """

    is_on: bool
    is_new: bool
    invoice: Invoice
    total_cents: int
    credits: tuple[LineContent, ...]
    lowered: tuple[LineContent, ...]
    carried_cents: int
    lines: int
    seen: str

    @property
    def billed_cents(self) -> int:
        """What the current invoice bills if it ends as it is now."""
        return self.total_cents - self.carried_cents


def plan_tax(organization: Organization, *, is_on: bool) -> TaxPlan:
    """Return what the switch would do; nothing is changed or locked."""
    return _plan(organization, current_invoice(organization), is_on=is_on)


def switch_tax(
    organization: Organization,
    *,
    is_on: bool,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> TaxPlan:
    """Have Stripe work tax out for the current invoice and all after it, or not.

    The next sync tells Stripe; invoices of ended cycles stay as they were. The same again changes
    nothing. `seen` is the plan's name for what the actor looked at: raises Stale where it moved,
    Conflict where no product is set, and where it is billed with a subscription.
    """
    lock_row(organization)
    # All that are open: the current one may end while its lock is awaited.
    invoice = next(one for one in lock_open({organization.id}) if one.status == "draft")
    plan = _plan(organization, invoice, is_on=is_on)
    if not plan.is_new:
        return plan
    if is_on and not current_policy().stripe_tax_product:
        raise Conflict(NO_PRODUCT)
    if is_on and organization.stripe_subscription_id is not None:
        raise Conflict(
            f"{organization.slug} is billed on the invoices of "
            f"{organization.stripe_subscription_id}, which have tax as the subscription says. "
            "Nothing was changed. Unlink the subscription first."
        )
    if seen is not None and seen != plan.seen:
        raise Stale(
            "The credits of the current invoice, or its tax, are others since you looked. Nothing "
            "was changed. Look at it again, then switch."
        )
    organization.automatic_tax = invoice.automatic_tax = is_on
    touch(invoice, now=now)
    facts = {
        "invoice": invoice.sequence,
        "credits": len(plan.credits),
        "carried_cents": plan.carried_cents,
    }
    if is_on:
        write_entry(
            "organization.tax_switched_on", organization, actor, facts, reason=reason, now=now
        )
    else:
        write_entry(
            "organization.tax_switched_off", organization, actor, facts, reason=reason, now=now
        )
    return plan


def location_at_stripe(
    organization: Organization, *, gateway: Gateway, checkpoint: Callable[[], None]
) -> str:
    """Return what Stripe says of where the customer is taxed; a read, outside of transactions.

    Empty for a customer that is not there yet, `unknown` where Stripe did not answer.
    """
    customer_id = organization.stripe_customer_id
    if customer_id is None:
        return ""
    checkpoint()
    try:
        return gateway.tax_location(customer_id) or CANNOT_TELL
    except GatewayError:
        return CANNOT_TELL


def _plan(organization: Organization, invoice: Invoice, *, is_on: bool) -> TaxPlan:
    charges = [one for one in read_sides(invoice.id).charges if is_billed(one)]
    lines = [line_of(one) for one in charges]
    fitted = _fitted(charges, lines, invoice.currency)
    credits = tuple(sorted((one for one in lines if one.amount_cents < 0), key=_key))
    return TaxPlan(
        is_on=is_on,
        is_new=not organization.automatic_tax == invoice.automatic_tax == is_on,
        invoice=invoice,
        total_cents=sum(line.amount_cents for line in lines),
        credits=credits,
        lowered=tuple(line for line in fitted.lines if line.members),
        carried_cents=fitted.left_cents if is_on else 0,
        lines=len(rolled_up(fitted.lines, {one.key: one.price_version_id for one in charges})),
        seen=_named(organization, invoice, credits),
    )


def _fitted(charges: list[Charge], lines: list[LineContent], currency: str) -> Fitted:
    versions = {one.key: one.price_version_id for one in charges}
    return fit(lines, families=versions, currency=currency)


def _key(line: LineContent) -> str:
    return line.key


def _named(organization: Organization, invoice: Invoice, credits: tuple[LineContent, ...]) -> str:
    """Return a name for what the switch meets; usage moves every minute and is no part of it."""
    known = (organization.automatic_tax, invoice.automatic_tax, invoice.id)
    said = repr((known, [(one.key, one.amount_cents) for one in credits]))
    return sha256(said.encode()).hexdigest()[:16]
