"""Billing on a subscription's invoices: which cycles are, and which of its invoices takes one.

The first half is pure. An invoice `waits` for the subscription's, then takes it (`claiming`, and
`claimed` once Stripe was told), or goes `alone`, on an invoice of its own. It leaves `waits` once,
under its row's lock, so that two ways never bill the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dashboard.audit.actor import STRIPE, SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.models import Invoice
from dashboard.billing.period import CycleRule
from dashboard.billing.revision import schedule_sync
from dashboard.gateway.records import RemoteInvoice
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.models import Organization

ALONE, WAITS, CLAIMING, CLAIMED = "alone", "waits", "claiming", "claimed"
# While it is one of these a subscription renews and brings invoices that are asked to be paid.
RENEWING = ("active", "trialing", "past_due")
ENDED = ("canceled", "incomplete_expired")
CYCLE_INVOICE = "subscription_cycle"
# Stripe's clock and ours are not one.
SLACK = timedelta(minutes=5)
# The event comes within seconds; Stripe finalizes an hour after it at the earliest. Whoever missed
# the event looks several times before that, and waits for a late invoice no longer than this.
FIRST_LOOK, LOOK_EVERY = timedelta(minutes=10), timedelta(minutes=15)
WAIT = timedelta(hours=2)

_INTERVALS = {
    ("week", 1): "week",
    ("month", 1): "month",
    ("month", 3): "quarter",
    ("month", 12): "year",
    ("year", 1): "year",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an invoice that waits: the invoice it takes, or why it goes alone.

    With neither it waits on.
    """

    takes: RemoteInvoice | None = None
    goes_alone: str = ""


def verdict(
    subscription: RemoteSubscription | None,
    invoices: Sequence[RemoteInvoice],
    period_end: datetime,
    *,
    now: datetime,
) -> Verdict:
    """Return what becomes of the bill of a cycle that ended at `period_end`.

    `subscription` is None where Stripe has none of that name; `invoices` are those known of it.
    """
    if subscription is None:
        return Verdict(goes_alone="The subscription is not at Stripe.")
    found = of_renewal(invoices, period_end)
    if found is None:
        if subscription.status not in RENEWING:
            return Verdict(goes_alone=f"The subscription is {subscription.status}.")
        if now >= period_end + WAIT:
            return Verdict(goes_alone="The subscription brought no invoice for this renewal.")
        return Verdict()
    why = why_stopped(subscription) or why_not_taken(found)
    return Verdict(goes_alone=why) if why else Verdict(takes=found)


def why_stopped(subscription: RemoteSubscription | None) -> str:
    """Return why the invoices of a subscription bear nothing of ours; empty while they may."""
    if subscription is None:
        return "The subscription is not at Stripe."
    if subscription.paused_how is not None:
        return "The collection of the subscription's invoices is paused."
    if subscription.status not in RENEWING:
        return f"The subscription is {subscription.status}."
    return ""


def why_not_taken(remote: RemoteInvoice) -> str:
    """Return why an invoice of a subscription, not marked as ours, is left; empty if it is not."""
    if remote.status != "draft":
        return f"Stripe issued {remote.id} before it could be taken."
    if remote.automatic_tax:
        return f"Stripe works out the tax of {remote.id}, and this bill's is not to be."
    if any(line.tax_within_cents for line in remote.lines):
        return f"The prices of {remote.id} have tax within them, and this bill's have not."
    if not remote.auto_advance:
        return f"{remote.id} was held at Stripe before it could be taken."
    return ""


def of_renewal(invoices: Sequence[RemoteInvoice], period_end: datetime) -> RemoteInvoice | None:
    """Return the subscription's invoice of the renewal at `period_end`."""
    made = [
        (one.made_at, one)
        for one in invoices
        if one.billing_reason == CYCLE_INVOICE
        and one.made_at is not None
        and period_end - SLACK <= one.made_at < period_end + WAIT
    ]
    return min(made, key=lambda pair: pair[0])[1] if made else None


def rule_of_subscription(subscription: RemoteSubscription) -> CycleRule | None:
    """Return how its periods are counted, in UTC as Stripe does; None for one we cannot follow.

    From its anchor, which keeps the 31st of a month; from its period's end where a trial or a
    cancellation has its period end elsewhere.
    """
    interval = _INTERVALS.get((subscription.interval, subscription.interval_count))
    if interval is None or subscription.periods_differ:
        return None
    rule = CycleRule(subscription.anchor_at, interval)
    is_boundary = rule.containing(subscription.period_end).start == subscription.period_end
    return rule if is_boundary else CycleRule(subscription.period_end, interval)


def state_of(subscription: RemoteSubscription, *, now: datetime) -> dict[str, Any]:
    """Return what an organization keeps of it."""
    told_at = subscription.as_of
    return {
        "as_of": None if told_at is None else told_at.isoformat(),
        "status": subscription.status,
        "paused_how": subscription.paused_how,
        "period_end": subscription.period_end.isoformat(),
        "ends_at": None if subscription.ends_at is None else subscription.ends_at.isoformat(),
        "read_at": now.isoformat(),
    }


def is_older(subscription: RemoteSubscription, kept: Mapping[str, Any] | None) -> bool:
    """Whether a reading is older than what an organization keeps of the subscription."""
    known = (kept or {}).get("as_of")
    told_at = subscription.as_of
    return known is not None and told_at is not None and told_at < datetime.fromisoformat(known)


def way_of(organization: Organization, period_end: datetime) -> str:
    """Return how a cycle that begins now and ends at `period_end` is billed.

    Before the subscription's period ends, as in a trial, it brings no invoice.
    """
    kept = organization.subscription
    if organization.stripe_subscription_id is None or kept is None:
        return ALONE
    return WAITS if period_end >= datetime.fromisoformat(kept["period_end"]) else ALONE


def waits(invoice: Invoice) -> bool:
    """Whether it waits for the subscription's invoice."""
    return invoice.billed_with == WAITS


def is_untold(invoice: Invoice) -> bool:
    """Whether it is to take a subscription's invoice of which Stripe did not confirm it yet.

    Nothing of ours is on that, so what becomes of it there is not what became of the bill.
    """
    return invoice.billed_with == CLAIMING


def on_theirs(invoice: Invoice) -> bool:
    """Whether its invoice at Stripe is one that a subscription made."""
    return invoice.billed_with in (CLAIMING, CLAIMED)


def ours_cents(invoice: Invoice, remote: RemoteInvoice) -> int:
    """Return Stripe's total without the lines that are not ours."""
    return remote.total_cents - invoice.theirs_cents


def without_theirs(invoice: Invoice, remote: RemoteInvoice) -> RemoteInvoice:
    """Return what Stripe says of the invoice, with its total that of our lines."""
    return (
        replace(remote, total_cents=ours_cents(invoice, remote)) if on_theirs(invoice) else remote
    )


def carry_out(invoice: Invoice, found: Verdict, *, now: datetime) -> None:
    """Do with an invoice that waits what was found to become of it; its row must be locked."""
    if found.goes_alone:
        go_alone(invoice, found.goes_alone, now=now)
    elif found.takes is not None and invoice.stripe_invoice_id is not None:
        # Made by a process of an older release: it holds our items already.
        go_alone(invoice, "It has an invoice of its own at Stripe already.", now=now)
    elif found.takes is not None and invoice.parked_at is not None:
        go_alone(invoice, "It is on hold, and what the subscription bills is not to be.", now=now)
    elif found.takes is not None:
        take_theirs(invoice, found.takes, now=now)


def take_theirs(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> None:
    """Let an invoice that waits take the subscription's; its row must be locked."""
    invoice.billed_with = CLAIMING
    invoice.stripe_invoice_id = remote.id
    invoice.stripe_status = "draft"
    # Whatever waits here meanwhile, Stripe does not.
    invoice.automatically_finalizes_at = remote.automatically_finalizes_at
    invoice.next_sync_at = now
    facts = {"stripe_id": remote.id, "subscription": remote.subscription_id}
    write_entry("invoice.claimed", invoice, STRIPE, facts, now=now)


def know_again(invoice: Invoice, remote: RemoteInvoice) -> None:
    """Let an invoice be on a subscription's that bears its mark, where the ledger forgot that.

    The ledger may have been put back to before it was taken. The invoice's row must be locked.
    """
    if remote.subscription_id is not None and not on_theirs(invoice):
        invoice.billed_with = CLAIMED


def go_alone(invoice: Invoice, why: str, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Let an invoice that waits go on one of its own; its row must be locked."""
    invoice.billed_with = ALONE
    schedule_sync(invoice, now)
    write_entry("invoice.goes_alone", invoice, actor, {"why": why}, now=now)
