"""Cycles: roll what is over, seal what had its grace, finalize what is sealed; one job each."""

from __future__ import annotations

from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.locks import lock_invoice
from dashboard.billing.roll import due_to_roll, roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, due_to_finalize, request_sync
from jobs.batch import in_batches, in_parallel
from jobs.runtime import job
from jobs.syncs import MOST, enqueue_runs


@job(queue="closing", timeout=60)
def roll_due() -> None:
    """Hand out the organizations whose current invoice is over."""
    for batch in in_batches(due_to_roll(now=utc_now(), most=MOST)):
        roll_batch.enqueue(*batch)


@job(queue="closing", timeout=600)
def roll_batch(*organization_ids: int) -> None:
    """Roll several organizations."""
    in_parallel(roll_one, organization_ids)


@job(queue="closing", timeout=120)
def roll_one(organization_id: int) -> None:
    """Close the organization's ended invoices and open the next."""
    roll_over(db.session.get_one(Organization, organization_id), now=utc_now())


@job(queue="closing", timeout=60)
def seal_due() -> None:
    """Hand out the closing invoices whose grace is over."""
    for batch in in_batches(due_to_seal(now=utc_now(), most=MOST)):
        seal_batch.enqueue(*batch)


@job(queue="closing", timeout=600)
def seal_batch(*invoice_ids: int) -> None:
    """Seal several invoices; their final syncs are handed out together at the next tick."""
    in_parallel(seal_one, invoice_ids)


@job(queue="closing", timeout=60)
def seal_one(invoice_id: int) -> None:
    """Seal one invoice; from then on `finalize_due` finds it."""
    seal(lock_invoice(invoice_id), now=utc_now())


@job(queue="closing", timeout=60)
def finalize_due() -> None:
    """Ask for the final sync of each sealed invoice that no run is finalizing."""
    now = utc_now()
    final = Request("final", verify=True)
    due = due_to_finalize(most=MOST)
    enqueue_runs([request_sync(invoice, final, now=now) for invoice in due])
