"""Carry out one SyncRun: lease, converge, finalize where asked; it ends in a named state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dashboard.billing.locks import lock_row
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import park, unpark
from dashboard.billing.policy import current_policy
from dashboard.errors import BillingError, Stale
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing, NotEditable, Refused
from dashboard.gateway.lanes import Lane, in_lane
from dashboard.gateway.protocol import Gateway
from dashboard.sync import lease
from dashboard.sync.converge import converge
from dashboard.sync.finalize import finalize, hold_at_stripe, hold_or_let_go
from dashboard.sync.missing import resolve_missing
from dashboard.sync.models import ACTIVE, SyncRun
from dashboard.sync.reconcile import reconcile
from dashboard.sync.work import Work

# The first retry after half a minute, the last ones a quarter of an hour apart.
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
# A scheduled run gives up and leaves it to the next one; a person's and a final one go on longer.
ATTEMPTS = {"scheduled": 4, "final": 200}
ATTEMPTS_BY_DEFAULT = 8
LANES: Mapping[str, Lane] = {"final": "closing", "scheduled": "scheduled", "event": "scheduled"}


def execute(
    run_id: int,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    owner: str,
) -> SyncRun | None:
    """Carry out a run and return it; None when it is over already. Safe to repeat.

    Raises `Busy` while another worker writes the same invoice.
    """
    run = db.session.get(SyncRun, run_id, populate_existing=True)
    if run is None or run.state not in ACTIVE:
        return None
    held = lease.take(run.invoice_id, owner=owner, now=clock())
    lock_row(run)
    if run.state not in ACTIVE:
        # Another worker ended it between our look and our lease.
        lease.release(held)
        return None
    run.state = "running"
    run.attempts += 1
    run.started_at = run.started_at or clock()
    run.next_attempt_at = None
    checkpoint()
    work = Work(run, run.invoice, held, gateway, checkpoint, clock, pause)
    try:
        with in_lane(LANES.get(run.trigger, "interactive")):
            carry_out(work)
        lease.release(held)
    except lease.LeaseLost:
        db.session.rollback()
        doubt(work)
        checkpoint()
        raise
    checkpoint()
    return run


def doubt(work: Work) -> None:
    """Have the invoice compared: a call of ours may have reached Stripe after the takeover.

    Whoever took over ends the run; nothing else here is ours to write any more.
    """
    if work.invoice.status not in FINALIZED:
        work.invoice.needs_verification = True
        work.invoice.next_sync_at = work.clock()


def carry_out(work: Work) -> None:
    """Advance the run and end it; every way it can fail ends in a state and a sentence."""
    try:
        advance(work)
    except Stale as error:
        fail(work, error)
    except Refused as error:
        park_and_fail(work, error)
    except GatewayError as error:
        retry_or_fail(work, error)
    else:
        succeed(work)


def advance(work: Work) -> None:
    """Converge, and finalize where asked; reconcile when Stripe acted first."""
    was_parked = work.invoice.parked_at is not None and work.run.trigger != "scheduled"
    if was_parked:
        unpark(work.invoice)
    try:
        if finalized_at_stripe(work.invoice):
            raise NotEditable("Stripe's invoice is no longer a draft.")
        comparison = converge(work)
        if work.run.trigger == "final":
            finalize(work, comparison)
        elif was_parked or comparison is not None or work.invoice.restores_schedule:
            settle_schedule(work, was_parked=was_parked)
    except NotEditable:
        reconcile(work)


def settle_schedule(work: Work, *, was_parked: bool) -> None:
    """Set the dead-man switch as the draft's lines allow; a draft that is gone is made anew."""
    try:
        hold_or_let_go(work, was_parked=was_parked)
    except Missing as error:
        resolve_missing(work, error)
        converge(work)


def finalized_at_stripe(invoice: Invoice) -> bool:
    """Whether an event already told that Stripe finalized what the ledger holds open."""
    return invoice.stripe_status not in (None, "draft") and invoice.status not in FINALIZED


def succeed(work: Work) -> None:
    """End the run well and say when the invoice is due again."""
    run, invoice, now = work.run, work.invoice, work.clock()
    run.state = "succeeded"
    run.finished_at = now
    run.error = run.error_code = None
    invoice.sync_failures = 0
    interval = timedelta(seconds=current_policy().sync_interval_seconds)
    if invoice.is_dirty:
        invoice.next_sync_at = now + interval
    elif not invoice.needs_verification:
        invoice.next_sync_at = None


def fail(work: Work, error: BillingError) -> None:
    """End the run with a sentence; what was agreed before stands."""
    run, invoice, now = work.run, work.invoice, work.clock()
    run.state = "failed"
    run.finished_at = now
    run.error_code = error.code
    run.error = error.message
    if not isinstance(error, Stale):
        invoice.sync_failures += 1
    # An organization that fails again and again is tried less and less often.
    wait = min(2 ** min(invoice.sync_failures, 5), 24)
    interval = timedelta(seconds=current_policy().sync_interval_seconds)
    invoice.next_sync_at = now + interval * wait


def park_and_fail(work: Work, error: Refused) -> None:
    """A refusal does not go away: hold the invoice for a person, and Stripe's schedule with it."""
    fail(work, error)
    park(work.invoice, error.code, error.message, now=work.clock())
    work.checkpoint()
    hold_at_stripe(work)


def retry_or_fail(work: Work, error: GatewayError) -> None:
    """Try again later by one policy, or end when the attempts are used up."""
    run = work.run
    if run.attempts >= ATTEMPTS.get(run.trigger, ATTEMPTS_BY_DEFAULT):
        fail(work, error)
        return
    run.state = "retrying"
    run.error_code = error.code
    run.error = error.message
    run.next_attempt_at = work.clock() + retry_after(run.attempts)


def retry_after(attempts: int) -> timedelta:
    """Return the wait before the next attempt: doubling to a bound, a quarter of it random."""
    full: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
    share: float = 0.75 + secrets.randbelow(250) / 1000
    return full * share
