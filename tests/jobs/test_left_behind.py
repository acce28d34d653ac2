"""During a rolling release nothing is lost of what the release before had queued."""

import pickle
import zlib

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq import Queue

from jobs.clock import Clock
from jobs.declared import TASKS, load_tasks
from jobs.inbox import replay_event
from jobs.left_behind import take_over
from jobs.queues import queue_named
from jobs.syncs import sync_batch, sync_run

# What jobs in Redis are called. A task with a new name keeps the old one for a release.
NAMES = {
    "jobs.budgets": ["watch_budgets", "watch_due_budgets", "watch_usage"],
    "jobs.bulk": ["carry_on_act", "carry_on_acts"],
    "jobs.credit_notes": ["carry_out_credit_note", "carry_out_credit_notes"],
    "jobs.refunds": ["carry_out_refund", "carry_out_refunds"],
    "jobs.reissues": ["reissue_invoice", "reissue_planned"],
    "jobs.renewals": ["look_at_renewal", "look_at_renewals", "look_for_renewals"],
    "jobs.restores": ["keep_ledger_mark", "look_behind", "repair_finding", "watch_ledger"],
    "jobs.cycles": [
        "finalize_due", "roll_batch", "roll_due", "roll_one", "seal_due", "switch_off_held",
    ],
    "jobs.forgetting": ["forget_old"],
    "jobs.gaps": ["look_for_gaps", "look_through_stripe", "repair_gap"],
    "jobs.inbox": [
        "backfill_events", "drain_inbox", "process_event", "process_events", "replay_event",
        "reread_invoices", "sweep_events",
    ],
    "jobs.invariants": ["look_at_money"],
    "jobs.mails": ["forget_mails", "remind_of_bills", "send_due_mails", "send_mails"],
    "jobs.outgoing": ["send_due_events", "send_events", "send_to_endpoint", "tell_past_due"],
    "jobs.rehearsals": ["rehearse_closes"],
    "jobs.recount": ["recount_ledger", "recount_organization"],
    "jobs.standing": ["move_standings"],
    "jobs.syncs": ["sweep_runs", "sync_batch", "sync_due", "sync_run"],
    "jobs.upkeep": ["count_fleet", "forget_sessions", "make_partitions"],
    "jobs.watch": ["look_for_needs", "sample_fleet"],
}  # fmt: skip


def test_what_waits_through_an_upgrade_is_a_task_of_the_new_release() -> None:
    load_tasks()
    named = {f"{module}.{task}" for module, tasks in NAMES.items() for task in tasks}
    # Equal, so that what is new is kept through the next upgrade, too.
    assert named == {one for one in TASKS if one.startswith("jobs.")}


def queue_as_before(redis: Redis, path: str, *ids: int, queue: str = "interactive") -> str:
    """Queue a task as the release before did, pickled, with its mark; return the job's id."""
    job = Queue(queue, connection=redis).enqueue_call(path, args=ids, timeout=60, result_ttl=0)
    kept = zlib.decompress(redis.hget(job.key, "data") or b"")
    assert kept.startswith(pickle.PROTO)
    redis.set(f"queued:{path}:{':'.join(map(str, ids))}", job.id)
    return str(job.id)


def test_what_waits_is_moved_with_its_id_and_its_numbers(db: SQLAlchemy, redis: Redis) -> None:
    job_id = queue_as_before(redis, replay_event.path, 7)
    queue_as_before(redis, sync_batch.path, *range(1, 301), queue="scheduled")
    assert take_over(redis) == 2
    [click] = queue_named("interactive", redis).jobs
    assert (click.id, click.func_name, click.args) == (job_id, replay_event.path, (7,))
    [batch] = queue_named("scheduled", redis).jobs
    assert batch.args == tuple(range(1, 301))
    assert Queue("interactive", connection=redis).count == 0
    assert take_over(redis) == 0


def test_what_was_moved_waits_as_it_did_and_is_not_queued_twice(
    db: SQLAlchemy, redis: Redis
) -> None:
    queue_as_before(redis, sync_run.path, 7, queue="scheduled")
    take_over(redis)
    sync_run.push([7])
    assert queue_named("scheduled", redis).count == 1


def test_the_clock_takes_over_by_itself(app: Flask, db: SQLAlchemy, redis: Redis) -> None:
    clock = Clock(app)
    queue_as_before(redis, replay_event.path, 7)
    clock.enqueue_jobs()
    assert queue_named("interactive", redis).count == 1


def test_what_is_no_task_of_ours_is_left_where_it_cannot_run(db: SQLAlchemy, redis: Redis) -> None:
    for path, ids in (("os.system", (1,)), ("jobs.inbox.no_task", ()), ("jobs.queues.key_of", ())):
        queue_as_before(redis, path, *ids)
    job_id = queue_as_before(redis, replay_event.path, 7)
    redis.hset(f"rq:job:{job_id}", "description", f"{replay_event.path}(__import__('os'))")
    redis.rpush("rq:queue:interactive", b"\xff")
    before = redis.lrange("rq:queue:interactive", 0, -1)
    assert take_over(redis) == 0
    assert queue_named("interactive", redis).count == 0
    assert redis.lrange("rq:queue:interactive", 0, -1) == before
