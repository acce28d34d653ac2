"""The end of a soak: everything drained, then every invoice compared with Stripe from outside."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from benchmarks.fleet.agreement import disagreements
from benchmarks.soak.listener import Listener
from benchmarks.soak.renewals import go_alone_where_none_came, look_after_the_rest, ways
from benchmarks.soak.shop import SUPPORT, Shop
from benchmarks.soak.site import Site
from benchmarks.soak.telling import hasten_events, replay_wrong, told_wrong, untold
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.details import details
from dashboard.billing.difference import DIFFERENTLY
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.subscription import WAITS, without_theirs
from dashboard.billing.void_models import VoidCase
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.extensions import db
from dashboard.gateway.stripe import StripeGateway
from dashboard.invariants.look import look_at_all
from dashboard.organizations.models import Organization
from dashboard.outgoing.models import EventDelivery
from dashboard.sync.models import ACTIVE, SyncRun
from dashboard.sync.request import Request, hasten, request_sync
from dashboard.transaction import transaction
from dashboard.usage.models import UsageTotal
from dashboard.webhooks.models import WebhookEvent
from jobs import marks
from jobs.inbox import backfill_events
from jobs.syncs import enqueue_run, stripe_is_down
from tests.support.syncing import gateway_to

DRAIN_SECONDS = 420
# By then every event was listed, and what still waits for a renewal waits for none.
RENEWALS_SECONDS = 60
# A retry further away than this is not waited for: somebody clicks.
PATIENCE = timedelta(seconds=40)


def drain(site: Site, shop: Shop, listeners: Sequence[Listener]) -> tuple[float, Counter[str]]:
    """Wait until nothing is left to do; return how long that took, and for what one clicked."""
    begun = time.monotonic()
    for one in listeners:
        one.is_calm = True
    clicks: Counter[str] = Counter()
    with transaction():
        backfill_events.enqueue()
    while is_backfilling() or work_left():
        if time.monotonic() - begun > DRAIN_SECONDS:
            break
        site.mend()
        clicks += click_on_the_late()
        for one in listeners:
            clicks += hasten_events(one, utc_now() + PATIENCE)
        decide_the_rest(shop)
        look_after_the_rest()
        if time.monotonic() - begun > RENEWALS_SECONDS:
            go_alone_where_none_came()
        time.sleep(3)
    return time.monotonic() - begun, clicks


def decide_the_rest(shop: Shop) -> None:
    """Leave what Stripe billed otherwise, so that no bill is held for want of a person."""
    query = select(Invoice).where(Invoice.parked_code == DIFFERENTLY).order_by(Invoice.id)
    with transaction():
        held = db.session.scalars(query).all()
    for bill in held:
        with suppress(BillingError), transaction():
            shop.desk.decide(bill, "leave")


def is_backfilling() -> bool:
    """Whether the events that never arrived are still being listed: until then nobody knows."""
    redis = current_app.extensions["redis"]
    return not marks.free(redis, [backfill_events.mark(())])


def work_left() -> dict[str, int]:
    """Return what is still to be done, by what it is; empty when nothing is."""
    unfinished = Invoice.status.in_(("draft", "closing", "sealed"))
    waiting = WebhookEvent.state.in_(("received", "processing", "failed"))
    dirty = (Invoice.revision > Invoice.synced_revision) | Invoice.needs_verification
    note_left = (CreditNote.state == "planned") | CreditNote.void_asked_at.is_not(None)
    wanted = {
        "notes": select(func.count()).where(note_left),
        "refunds": select(func.count()).where(Refund.state == "planned"),
        "reissues": select(func.count()).where(Reissue.state == "planned"),
        "runs": select(func.count()).where(SyncRun.state.in_(ACTIVE)),
        "dirty": select(func.count()).where(
            unfinished, dirty, Invoice.parked_at.is_(None), Invoice.billed_with != WAITS
        ),
        "ending": select(func.count()).where(
            Invoice.status.in_(("closing", "sealed")), Invoice.parked_at.is_(None)
        ),
        "events": select(func.count()).where(waiting),
        "outgoing events": select(func.count()).where(EventDelivery.state == "waits"),
    }
    with transaction():
        counts = {name: db.session.scalars(query).one() for name, query in wanted.items()}
    return {name: count for name, count in counts.items() if count}


def click_on_the_late() -> Counter[str]:
    """Ask again for each sync that would only be tried much later; return why they waited."""
    if stripe_is_down():
        return Counter()
    later = utc_now() + PATIENCE
    late = (SyncRun.state == "retrying") & (SyncRun.next_attempt_at > later)
    with transaction():
        runs = db.session.scalars(select(SyncRun).where(late)).all()
        for run in runs:
            if run.invoice.status in FINALIZED:
                # Nobody can click there; the sweep takes it up.
                hasten({run.invoice_id})
            else:
                enqueue_run(request_sync(run.invoice, Request("support", SUPPORT), now=utc_now()))
        return Counter(f"{run.error_code} in attempt {run.attempts}" for run in runs)


def verdict(site: Site, shop: Shop, listeners: Sequence[Listener]) -> list[str]:
    """Return everything that is not as it should be, one sentence each."""
    gateway = gateway_to(site.simulator.url)
    wrong = [
        f"{count} {what} were not done in {DRAIN_SECONDS} s." for what, count in work_left().items()
    ]
    wrong += disagreements(gateway)
    wrong += paid_otherwise(gateway)
    wrong += [f"Billed twice: {one}" for one in site.simulator.get("audit")["duplicates"]]
    wrong += miscounted(shop)
    wrong += [str(one) for _, found in look_at_all() for one in found]
    wrong += untold()
    for one in listeners:
        wrong += told_wrong(one)
        wrong += replay_wrong(site, one, one.rolled_at) if one.rolled_at else []
    with transaction():
        for invoice in db.session.scalars(select(Invoice).where(Invoice.parked_at.is_not(None))):
            wrong.append(f"Invoice {invoice.id} is parked: {invoice.parked_reason}")
        for event in db.session.scalars(select(WebhookEvent).where(WebhookEvent.state == "dead")):
            wrong.append(f"Event {event.id} ({event.type}) is dead: {event.error}")
    return wrong


def paid_otherwise(gateway: StripeGateway) -> list[str]:
    """Return the issued invoices of which Stripe says otherwise what is owed, paid or credited."""
    issued = select(Invoice).where(
        Invoice.status.in_(FINALIZED), Invoice.stripe_invoice_id.is_not(None)
    )
    wrong = []
    with transaction():
        for invoice in db.session.scalars(issued.order_by(Invoice.id)):
            remote = without_theirs(invoice, gateway.invoice(str(invoice.stripe_invoice_id)))
            told = {"status": remote.status, **details(remote)}
            differs = [name for name, value in told.items() if getattr(invoice, name) != value]
            if differs:
                sides = ", ".join(
                    f"{name}: {getattr(invoice, name)} here, {told[name]} there" for name in differs
                )
                wrong.append(f"Invoice {invoice.id} ({invoice.status}) was issued as {sides}")
            if invoice.status == "void" and db.session.get(VoidCase, invoice.id) is None:
                wrong.append(f"Nobody is asked what becomes of void invoice {invoice.id}.")
    return wrong


def miscounted(shop: Shop) -> list[str]:
    """Return the organizations whose usage is not what was acknowledged, in sentences."""
    query = select(Organization.slug, func.sum(UsageTotal.quantity)).join(
        UsageTotal, UsageTotal.organization_id == Organization.id
    )
    with transaction():
        rows = db.session.execute(query.group_by(Organization.slug)).all()
    counted = Counter({slug: int(quantity * 100) for slug, quantity in rows})
    return [
        f"{slug} reported {shop.reported[slug]} hundredths of usage, {counted[slug]} were counted."
        for slug in shop.slugs
        if shop.reported[slug] != counted[slug]
    ]


def outcome() -> dict[str, Counter[str]]:
    """Return invoices, runs and events by what became of them."""
    columns = {
        "invoices": Invoice.status,
        "runs": SyncRun.state,
        "events": WebhookEvent.state,
    }
    with transaction():
        found = {
            name: Counter(
                dict(
                    db.session.execute(select(column, func.count()).group_by(column)).tuples().all()
                )
            )
            for name, column in columns.items()
        }
    return found | {"bills with a subscription": Counter(ways())}
