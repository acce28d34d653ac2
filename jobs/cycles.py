"""Cycles: roll what is over, seal what had its grace, finalize what is sealed."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.roll import due_to_roll, roll_over
from dashboard.billing.stuck import hold_stuck
from dashboard.clock import utc_now
from dashboard.closing.held import closings_held
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.restores.held import unless_held
from dashboard.sync.held import held_before_its_seal, schedule_safe_at
from dashboard.sync.request import (
    Request,
    due_to_finalize,
    finals_in_hand,
    held_but_scheduled,
    request_syncs,
    soon_issued_by_stripe,
    would_be_issued,
)
from dashboard.transaction import rollback
from jobs.apart import together_or_apart
from jobs.batch import enqueue_each, in_batches, run_each
from jobs.runtime import job
from jobs.syncs import MOST, enqueue_runs, stripe_is_down

FINAL = Request("final", verify=True)
log = structlog.get_logger("jobs.cycles")


@job(queue="closing", timeout=60)
def roll_due() -> None:
    """Hand out the organizations whose current invoice is over; none while the ledger is held."""
    due = due_to_roll(now=utc_now(), most=MOST)
    enqueue_each(roll_batch, roll_one, unless_held(due))


@job(queue="closing", timeout=900)
def roll_batch(*organization_ids: int) -> None:
    """Roll several organizations."""
    run_each(roll_batch, roll_one, organization_ids)


@job(queue="closing", timeout=120)
def roll_one(organization_id: int) -> None:
    """Close the organization's ended invoices and open the next; hold what cannot be closed."""
    organization = db.session.get_one(Organization, organization_id)
    invoice_id = current_invoice(organization).id
    try:
        roll_over(organization, now=utc_now())
        db.session.flush()
    except Exception as error:  # whatever it is, nobody would see it in the log alone
        rollback()
        hold(invoice_id, error)


@job(queue="closing", timeout=120)
def seal_due() -> None:
    """Seal the closing invoices whose grace is over, and hand out final syncs.

    None while the ledger is held: what its senders repeat still counts on them.
    """
    due = unless_held(due_to_seal(now=utc_now(), most=MOST))
    for ids in in_batches(due):
        together_or_apart(seal_some, ids, failed=hold)
    if due:
        hand_out_finals()


def seal_some(ids: Collection[int]) -> None:
    """Seal these, but for what somebody is changing."""
    seal(ids, now=utc_now(), wait=False)


@job(queue="closing", timeout=120)
def finalize_due() -> None:
    """Ask for the final sync of each sealed invoice that no run is finalizing."""
    hand_out_finals()


@job(queue="closing", timeout=120)
def switch_off_held() -> None:
    """Let Stripe issue none that is on hold, where it could not be told so when it was held."""
    held = held_but_scheduled(now=utc_now(), most=MOST)
    if held and not stripe_is_down():
        for ids in in_batches(held):
            together_or_apart(switch_off_some, ids, failed=hold)


def switch_off_some(ids: Collection[int]) -> None:
    """Ask for the syncs that do it, but for what somebody is changing."""
    enqueue_runs(request_syncs(ids, Request("scheduled"), now=utc_now(), wait=False))


def hand_out_finals() -> None:
    """Hand out the final syncs that are first in line, as many as a minute or two can do.

    No more at once: what is handed out keeps its place in the queue, whatever comes to be larger
    or paused meanwhile. Half of it done, the next are handed out, so that no worker waits.
    """
    for ids in in_batches(next_finals()):
        together_or_apart(finalize_some, ids, failed=hold)


def next_finals() -> list[int]:
    """Return which are handed out now. While closings are held: those that Stripe would issue."""
    now = utc_now()
    due = due_to_finalize(now=now, most=MOST)
    if not due:
        return []
    held = closings_held(now=now)
    if held is not None:
        return soon_issued_by_stripe(now=now, before=schedule_safe_at(held, now), most=MOST)
    if stripe_is_down():
        # Handed out now they would all wait to try again, and lose their order.
        return []
    room = MOST - finals_in_hand(MOST, now=now)
    return due[:room] if room >= MOST // 2 else []


def finalize_some(ids: Collection[int]) -> None:
    """Hand out the final syncs of these, but for what somebody is changing."""
    enqueue_runs(request_syncs(ids, FINAL, now=utc_now(), wait=False))


def hold(invoice_id: int, error: Exception) -> None:
    """Hold the invoice that the clock failed at for a person."""
    log.error("invoice_stuck", invoice_id=invoice_id, exc_info=error)
    now = utc_now()
    hold_stuck(invoice_id, error, now=now)
    invoice = db.session.get_one(Invoice, invoice_id)
    held = closings_held(now=now) or held_before_its_seal(invoice)
    if held is not None and would_be_issued(invoice_id, before=schedule_safe_at(held, now)):
        # Before its sealing nothing else keeps Stripe's own schedule from issuing what waits.
        finalize_some([invoice_id])
