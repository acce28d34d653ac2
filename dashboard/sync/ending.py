"""How a run ends, or when it tries again: a state, a sentence, and what follows for the bill."""

from __future__ import annotations

import secrets
from datetime import timedelta

from dashboard.billing.outcome import put_on_hold
from dashboard.billing.policy import current_policy
from dashboard.errors import BillingError, Stale
from dashboard.gateway.errors import GatewayError, Refused
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.finalize import hold_at_stripe

# The first retry after half a minute, the last ones a quarter of an hour apart.
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)
# A scheduled run gives up and leaves it to the next one; a person's and a final one go on longer.
ATTEMPTS = {"scheduled": 4, "final": 200}
ATTEMPTS_BY_DEFAULT = 8


def succeed(work: DraftWork) -> None:
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


def fail(work: DraftWork, error: BillingError) -> None:
    """End the run with a sentence; what was agreed before stands."""
    run, invoice, now = work.run, work.invoice, work.clock()
    run.state = "failed"
    run.finished_at = now
    run.error_code = error.code
    run.error = error.message
    if not isinstance(error, Stale):
        invoice.sync_failures += 1
    if run.trigger == "final":
        # Another run is asked for at once: not before those whose turn has not come yet.
        invoice.finalize_after_at = now + LONGEST_RETRY
    # An organization that fails again and again is tried less and less often.
    wait = min(2 ** min(invoice.sync_failures, 5), 24)
    interval = timedelta(seconds=current_policy().sync_interval_seconds)
    invoice.next_sync_at = now + interval * wait


def park_and_fail(work: DraftWork, error: Refused) -> None:
    """A refusal does not go away: hold the invoice for a person, and Stripe's schedule with it."""
    fail(work, error)
    put_on_hold(work.invoice, error.code, error.message, now=work.clock())
    work.checkpoint()
    hold_at_stripe(work)


def retry_or_fail(work: DraftWork, error: GatewayError) -> None:
    """Try again later by one policy, or end when the attempts are used up."""
    run = work.run
    if run.attempts >= ATTEMPTS.get(run.trigger, ATTEMPTS_BY_DEFAULT):
        fail(work, error)
        return
    retry(work, error)


def retry(work: DraftWork, error: BillingError) -> None:
    """Let the run wait for its next attempt, and say why."""
    run = work.run
    run.state = "retrying"
    run.error_code = error.code
    run.error = error.message
    run.next_attempt_at = work.clock() + retry_after(run.attempts)


def retry_after(attempts: int) -> timedelta:
    """Return the wait before the next attempt: doubling to a bound, a quarter of it random."""
    full: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
    share: float = 0.75 + secrets.randbelow(250) / 1000
    return full * share
