"""Bulk acts, carried on slice by slice: each is a job that is over in a fraction of a second."""

from __future__ import annotations

from dashboard.bulk.carry_on import carry_on, open_acts
from dashboard.clock import utc_now
from dashboard.transaction import after_commit
from jobs.inbox import ring
from jobs.runtime import job
from jobs.syncs import enqueue_runs


@job(queue="interactive", timeout=60)
def carry_on_act(act_id: int) -> None:
    """Carry an act on by a slice; the next one is a job behind whatever came meanwhile.

    The syncs it asks for go with the clock's own, behind every click, event and close.
    """
    step = carry_on(act_id, now=utc_now())
    enqueue_runs(step.runs)
    if step.rings:
        after_commit(ring)
    if step.goes_on:
        carry_on_act.enqueue(act_id)


@job(queue="maintenance", timeout=60)
def carry_on_acts() -> None:
    """Queue the acts that are not over: what was begun has ended, or a worker was lost."""
    for act_id in open_acts():
        carry_on_act.enqueue(act_id)
