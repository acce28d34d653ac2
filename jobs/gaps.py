"""Look for gaps between Stripe and the ledger, a few reads at a time, and close them on demand."""

from __future__ import annotations

import structlog
from flask import current_app

from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.gaps.repair import repair
from dashboard.gaps.rounds import look
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.priorities import with_priority
from dashboard.gateway.reasons import calling_for
from dashboard.restores.held import is_held
from dashboard.sync.request import Request, request_syncs
from dashboard.sync.verified import unverified_longest
from dashboard.transaction import checkpoint, rollback
from jobs.inbox import ring
from jobs.runtime import job
from jobs.syncs import enqueue_run, enqueue_runs, stripe_is_down

# What a person asks for at once: pages of a hundred, so all of 20,000 drafts and customers.
ON_DEMAND = 500
log = structlog.get_logger("jobs.gaps")


@job(queue="maintenance", timeout=300, is_alone=True)
def look_for_gaps() -> None:
    """Look at a few pages of Stripe's, and let the drafts be verified that were not for long."""
    if stripe_is_down() or is_held():
        return
    enqueue_runs(
        request_syncs(
            unverified_longest(now=utc_now()),
            Request("scheduled", verify=True),
            now=utc_now(),
            wait=False,
        )
    )
    checkpoint()
    _look(current_policy().stripe_gap_reads_per_hour)


@job(queue="interactive", timeout=900, is_alone=True)
def look_through_stripe() -> None:
    """Look through all that Stripe has, as far as an on-demand look goes."""
    _look(ON_DEMAND, is_asked=True)


@job(queue="interactive", timeout=120)
def repair_gap(gap_id: int) -> None:
    """Close a gap for a person; where Stripe does not answer it stays, to be asked for again."""
    with calling_for("reread"):
        try:
            done = repair(
                gap_id,
                gateway=current_app.extensions["gateway"],
                now=utc_now(),
                checkpoint=checkpoint,
            )
        except GatewayError as error:
            rollback()
            log.error("gap_not_repaired", gap_id=gap_id, reason=str(error))
            return
    for run in done.runs:
        enqueue_run(run)
    if done.has_events:
        ring()


def _look(reads: int, *, is_asked: bool = False) -> None:
    with with_priority("scheduled"), calling_for("reread"):
        try:
            look(
                gateway=current_app.extensions["gateway"],
                reads=reads,
                now=utc_now(),
                checkpoint=checkpoint,
                is_asked=is_asked,
            )
        except GatewayError as error:
            # What was read is kept; the next look goes on there.
            rollback()
            log.warning("gaps_not_looked_for", reason=str(error))
