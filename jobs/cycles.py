"""Cycles: roll what is over, seal what had its grace, finalize what is sealed."""

from __future__ import annotations

from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.roll import due_to_roll, roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, due_to_finalize, request_syncs
from dashboard.transaction import checkpoint
from jobs.batch import enqueue_each, in_batches, run_each
from jobs.runtime import job
from jobs.syncs import MOST, enqueue_runs

FINAL = Request("final", verify=True)


@job(queue="closing", timeout=60)
def roll_due() -> None:
    """Hand out the organizations whose current invoice is over."""
    enqueue_each(roll_batch, roll_one, due_to_roll(now=utc_now(), most=MOST))


@job(queue="closing", timeout=900)
def roll_batch(*organization_ids: int) -> None:
    """Roll several organizations."""
    run_each(roll_batch, roll_one, organization_ids)


@job(queue="closing", timeout=120)
def roll_one(organization_id: int) -> None:
    """Close the organization's ended invoices and open the next."""
    roll_over(db.session.get_one(Organization, organization_id), now=utc_now())


@job(queue="closing", timeout=120)
def seal_due() -> None:
    """Seal the closing invoices whose grace is over, and hand out their final syncs."""
    for ids in in_batches(due_to_seal(now=utc_now(), most=MOST)):
        sealed = seal(ids, now=utc_now(), wait=False)
        enqueue_runs(request_syncs([invoice.id for invoice in sealed], FINAL, now=utc_now()))
        checkpoint()


@job(queue="closing", timeout=120)
def finalize_due() -> None:
    """Ask for the final sync of each sealed invoice that no run is finalizing."""
    for ids in in_batches(due_to_finalize(most=MOST)):
        enqueue_runs(request_syncs(ids, FINAL, now=utc_now(), wait=False))
        checkpoint()
