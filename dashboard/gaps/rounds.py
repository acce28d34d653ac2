"""Look through what Stripe has, a page at a time; where each look is, is a row.

A read is one page of a hundred. Whoever is killed reads one page again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gaps.compare import (
    customer_gaps,
    invoice_gaps,
    lost_customer,
    lost_invoice,
    missed_customers,
    missed_invoices,
    missing_events,
)
from dashboard.gaps.gap import ROUNDS, Gap, Round
from dashboard.gaps.keep import (
    forget,
    keep,
    let_go,
    note_seen,
    open_gaps,
    see_again,
    to_look_at_again,
)
from dashboard.gaps.models import GapRound, StripeGap
from dashboard.gateway.errors import GatewayError, Missing, NotNow
from dashboard.gateway.protocol import Gateway
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.models import WebhookEvent

# Stripe keeps events for thirty days; the newest may be on their way.
LONGEST, ON_ITS_WAY = timedelta(days=29), timedelta(minutes=15)
TYPES_PER_LIST = 20
MOST_AGAIN = 5
STATUSES = {"drafts": ("draft", "closing", "sealed"), "open": ("open",)}
Save = Callable[[], None]


def look(
    *, gateway: Gateway, reads: int, now: datetime, checkpoint: Save, is_asked: bool = False
) -> int:
    """Look at what was found again, then further, with so many reads; return how many it took.

    When somebody asked for it, all that is known is looked at again; else a few, beside the reads.
    Ends the transaction after each page. A list that cannot be read holds up no other: it is left
    for the next look, and `GatewayError` is raised in the end. What was read by then is kept.
    """
    again = open_gaps() if is_asked else to_look_at_again(now=now, most=MOST_AGAIN)
    taken = 0
    for row in again:
        taken += look_at(row, gateway=gateway, now=now)
        checkpoint()
    left, begun, failed = reads, set[str](), list[GatewayError]()
    while left > 0 and (round_ := _next_round(begun, now)) is not None:
        begun.add(round_.kind)
        # Whatever becomes of it, another one is looked at first the next time.
        round_.moved_at = now
        checkpoint()
        try:
            cost = _go_on(round_, gateway, left, now, checkpoint)
        except GatewayError as error:
            db.session.rollback()
            failed.append(error)
            if isinstance(error, NotNow):
                break
            if isinstance(error, Missing):
                # What it went on after is gone: it begins anew.
                round_.ended_at = now
                checkpoint()
            cost = 1
        left -= cost
        taken += cost
    forget(now=now)
    checkpoint()
    if failed:
        raise failed[0]
    return taken


def _go_on(round_: GapRound, gateway: Gateway, most: int, now: datetime, checkpoint: Save) -> int:
    """Go on with a round, page by page, as far as so many reads lead; return how many it took."""
    left, taken = most, 0
    while left > 0 and round_.ended_at is None:
        cost = _page(round_, gateway, now)
        round_.reads += cost
        left -= max(cost, 1)
        taken += cost
        checkpoint()
    return taken


def look_at(row: StripeGap, *, gateway: Gateway, now: datetime) -> int:
    """Look whether one gap is still there, and keep that; return how many reads it took."""
    gap, taken = _still(row, gateway)
    if gap is None:
        let_go(row, now=now)
    else:
        see_again(row, gap, now=now)
    return taken


def _still(row: StripeGap, gateway: Gateway) -> tuple[Gap | None, int]:
    if row.kind == "event":
        known = select(WebhookEvent.id).where(WebhookEvent.stripe_event_id == row.stripe_id)
        gone = db.session.scalar(known) is not None
        return (None if gone else Gap("event", row.stripe_id, row.told)), 0
    if row.kind.endswith("_invoice"):
        return _invoice_still(row, gateway), 1
    return _customer_still(row, gateway), 1


def _invoice_still(row: StripeGap, gateway: Gateway) -> Gap | None:
    own = select(Invoice).where(Invoice.stripe_invoice_id == row.stripe_id)
    try:
        remote = gateway.invoice(row.stripe_id)
    except Missing:
        invoice = db.session.scalar(own)
        is_open = invoice is not None and invoice.status in (*STATUSES["drafts"], "open")
        return lost_invoice(invoice) if invoice and is_open else None
    if remote.status == "void" and row.kind != "moved_invoice":
        return None
    found = [one for one in invoice_gaps([remote]) if one.kind == row.kind]
    return found[0] if found else None


def _customer_still(row: StripeGap, gateway: Gateway) -> Gap | None:
    own = select(Organization).where(
        Organization.stripe_customer_id == row.stripe_id, Organization.customer_lost_at.is_(None)
    )
    try:
        remote = gateway.customer(row.stripe_id)
    except Missing:
        remote = None
    if remote is None or remote.is_deleted:
        organization = db.session.scalar(own)
        return lost_customer(organization) if organization else None
    found = [one for one in customer_gaps([remote]) if one.kind == row.kind]
    return found[0] if found else None


def _next_round(begun: set[str], now: datetime) -> GapRound | None:
    """Return the round to go on with: the kind that was looked at longest ago, begun or not."""
    query = select(GapRound).order_by(GapRound.id)
    last = {one.kind: one for one in db.session.scalars(query)}
    waiting = [kind for kind in ROUNDS if kind not in begun]
    if not waiting:
        return None
    kind = min(waiting, key=lambda one: last[one].moved_at.timestamp() if one in last else 0)
    round_ = last.get(kind)
    if round_ is None or round_.ended_at is not None:
        round_ = GapRound(kind=kind, part=0, reads=0, seen=0, begun_at=now, moved_at=now)
        db.session.add(round_)
    return round_


def _page(round_: GapRound, gateway: Gateway, now: datetime) -> int:
    """Read one page of a round and keep what it shows; return how many reads it took."""
    kind: Round = round_.kind  # type: ignore[assignment]
    round_.moved_at = now
    if kind == "events":
        return _events(round_, gateway, now)
    ours = this_installation().identity
    if kind == "customers":
        customers = gateway.customers_page(ours, after=round_.after)
        note_seen((one.id for one in customers.items), now=now)
        keep(customer_gaps(customers.items), now=now)
        round_.after, number = customers.after, len(customers.items)
    else:
        status = "draft" if kind == "drafts" else "open"
        invoices = gateway.invoices_page(ours, status, after=round_.after)
        note_seen((one.id for one in invoices.items), now=now)
        keep(invoice_gaps(invoices.items), now=now)
        round_.after, number = invoices.after, len(invoices.items)
    round_.seen += number
    if round_.after is not None:
        return 1
    round_.ended_at = now
    missed = list(_missed(kind, gateway, round_.begun_at))
    keep((gap for gap in missed if gap is not None), now=now)
    return 1 + len(missed)


def _events(round_: GapRound, gateway: Gateway, now: datetime) -> int:
    since = max(this_installation().created_at, round_.begun_at - LONGEST)
    types = tuple(HANDLERS)[round_.part * TYPES_PER_LIST :][:TYPES_PER_LIST]
    until = round_.begun_at - ON_ITS_WAY
    if since >= until:
        round_.ended_at = now
        return 0
    page = gateway.events_page(types, since, until, after=round_.after)
    keep(missing_events(page.items), now=now)
    round_.seen += len(page.items)
    round_.after = page.after
    if page.after is None:
        round_.part += 1
        if round_.part * TYPES_PER_LIST >= len(HANDLERS):
            round_.ended_at = now
    return 1


def _missed(kind: Round, gateway: Gateway, since: datetime) -> Iterator[Gap | None]:
    """Yield for each that no page showed whether it is gone, with a read."""
    if kind == "customers":
        for organization in missed_customers(since=since):
            try:
                is_lost = gateway.customer(str(organization.stripe_customer_id)).is_deleted
            except Missing:
                is_lost = True
            yield lost_customer(organization) if is_lost else None
        return
    for invoice in missed_invoices(STATUSES[kind], since=since):
        try:
            found = list(invoice_gaps([gateway.invoice(str(invoice.stripe_invoice_id))]))
            yield found[0] if found else None
        except Missing:
            yield lost_invoice(invoice)
