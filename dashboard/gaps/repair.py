"""Close a gap, as far as that can be done here: what nobody here may decide is not among it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.current import current_draft
from dashboard.billing.locks import for_change
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.subscription import waits
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.gaps.again import look_at
from dashboard.gaps.gap import KINDS
from dashboard.gaps.keep import KNOWN_AGAIN, let_go, still_open
from dashboard.gaps.models import StripeGap
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.webhooks.customers import forget_lost
from dashboard.webhooks.intake import store
from dashboard.webhooks.reread import reread


@dataclass
class Repaired:
    """What follows from a repair: syncs to carry out, and whether the inbox has something new."""

    runs: list[SyncRun] = field(default_factory=list)
    has_events: bool = False


def ask_look(*, actor: Actor, now: datetime) -> None:
    """Put on record that a person wants all that Stripe has looked through."""
    write_entry("gap.look_asked", this_installation(), actor, {}, now=now)


def ask_repair(gap_id: int, *, actor: Actor, now: datetime) -> StripeGap:
    """Put on record that a person wants a gap closed, and return it; a worker does it.

    Raises `NotFound`, and `Conflict` for one that is gone or can only be closed at Stripe.
    """
    gap = db.session.get(StripeGap, gap_id)
    if gap is None:
        raise NotFound("There is no such gap. Nothing was changed. Reload the page.")
    if gap.gone_at is not None:
        raise Conflict("This gap is gone already. Nothing was changed. Reload the page.")
    if KINDS[gap.kind].repair == "at_stripe":
        raise Conflict(
            "This can only be decided at Stripe. Nothing was changed. Open it in Stripe's "
            "dashboard."
        )
    write_entry("gap.repair_asked", gap, actor, {"gap": gap.told}, now=now)
    return gap


def repair(
    gap_id: int, *, gateway: Gateway, now: datetime, checkpoint: Callable[[], None]
) -> Repaired:
    """Close a gap and look at it again; what is gone or only closed at Stripe stays as it is."""
    done = Repaired()
    gap = db.session.get(StripeGap, gap_id)
    if gap is None or gap.gone_at is not None:
        return done
    kind, stripe_id, how = gap.kind, gap.stripe_id, KINDS[gap.kind].repair
    checkpoint()
    if how == "fetch":
        done.has_events = _fetch(gap_id, stripe_id, gateway, now)
    elif how == "follow" or (how == "sync" and _is_issued(stripe_id)):
        done.runs = _read(stripe_id, gateway, checkpoint, now)
    elif how == "sync":
        if kind == "lost_customer" and _is_gone(stripe_id, gateway):
            _forget(stripe_id, now)
            checkpoint()
        done.runs = _verified(gap, now)
        if kind == "lost_invoice":
            # Once the sync has been, the next turn sees that it is gone.
            gap.last_seen_at = now - KNOWN_AGAIN
            checkpoint()
            return done
    checkpoint()
    look_at(gap_id, gateway=gateway, now=now, checkpoint=checkpoint)
    return done


def _fetch(gap_id: int, event_id: str, gateway: Gateway, now: datetime) -> bool:
    """Take an event into the inbox; one that Stripe keeps no longer is no gap any more."""
    try:
        event = gateway.event(event_id)
    except Missing:
        gap = still_open(gap_id)
        if gap is not None:
            let_go(gap, now=now)
        return False
    return bool(store([event], source="backfill", now=now))


def _is_issued(stripe_id: str) -> bool:
    query = select(Invoice.id).where(
        Invoice.stripe_invoice_id == stripe_id, Invoice.status.in_(FINALIZED)
    )
    return db.session.scalar(query) is not None


def _read(
    stripe_id: str, gateway: Gateway, checkpoint: Callable[[], None], now: datetime
) -> list[SyncRun]:
    """Read an invoice again; an issued one that Stripe does not have is held for a person."""
    query = select(Invoice.id).where(Invoice.stripe_invoice_id == stripe_id)
    number = db.session.scalar(query)
    run = reread(number, gateway=gateway, checkpoint=checkpoint, now=now) if number else None
    return [run] if run else []


def _is_gone(customer_id: str, gateway: Gateway) -> bool:
    try:
        return gateway.customer(customer_id).is_deleted
    except Missing:
        return True


def _forget(stripe_id: str, now: datetime) -> None:
    own = select(Organization).where(Organization.stripe_customer_id == stripe_id)
    organization = db.session.scalars(for_change(own, of=Organization)).one_or_none()
    if organization is not None:
        forget_lost(organization, now=now)


def _verified(gap: StripeGap, now: datetime) -> list[SyncRun]:
    """Let a sync make a draft or a customer again: it reads first, and so sees that it is lost."""
    own = select(Invoice).where(Invoice.stripe_invoice_id == gap.stripe_id)
    invoice = db.session.scalar(own)
    if invoice is None and gap.organization_id is not None:
        invoice = current_draft(gap.organization_id)
    if invoice is None or invoice.status in FINALIZED or waits(invoice):
        return []
    return [request_sync(invoice, Request("support", verify=True), now=now)]
