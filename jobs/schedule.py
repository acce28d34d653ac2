"""The clock's table, declared once and reconciled with what Redis holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis import Redis
from rq.utils import as_text
from rq_scheduler import Scheduler

from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from jobs import (
    budgets,
    bulk,
    credit_notes,
    cycles,
    folder,
    forgetting,
    gaps,
    inbox,
    invariants,
    mails,
    outgoing,
    recount,
    refunds,
    rehearsals,
    reissues,
    renewals,
    restores,
    standing,
    syncs,
    ticks,
    upkeep,
    watch,
)
from jobs.runtime import Task
from jobs.ticks import PREFIX

log = structlog.get_logger("jobs.schedule")
# An entry that is due later than its interval allows was put there by a clock that went ahead.
SLACK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A task that takes no arguments, every so many seconds.

    One that `hands_out` only asks the database what is due and queues the work: the clock does that
    itself, so it neither waits behind the work nor costs a worker anything. Any other, which calls
    Stripe or takes its time, is queued for a worker, and not again before it has ended.
    """

    task: Task[[]]
    every_seconds: int
    hands_out: bool = False

    def __post_init__(self) -> None:
        if not self.hands_out and not self.task.is_alone:
            raise ValueError(f"{self.task.path} would pile up in its queue: make it `is_alone`")

    @property
    def id(self) -> str:
        """A name that changes with the definition, so that a changed entry is a new one."""
        by = "clock" if self.hands_out else "worker"
        definition = (
            f"{self.task.path}|{self.every_seconds}|{self.task.queue}|{self.task.timeout}|{by}"
        )
        digest = hashlib.sha256(definition.encode()).hexdigest()[:12]
        return f"{PREFIX}{self.task.__name__}-{digest}"


# A turn with nothing due costs a query of two milliseconds. A close goes through three of them.
TABLE = (
    Entry(syncs.sync_due, 10, hands_out=True),
    Entry(restores.watch_ledger, 10, hands_out=True),
    Entry(syncs.sweep_runs, 15, hands_out=True),
    Entry(cycles.roll_due, 2, hands_out=True),
    Entry(cycles.seal_due, 2, hands_out=True),
    Entry(cycles.finalize_due, 2, hands_out=True),
    Entry(cycles.switch_off_held, 60, hands_out=True),
    Entry(renewals.look_for_renewals, 15, hands_out=True),
    Entry(inbox.sweep_events, 15, hands_out=True),
    Entry(bulk.carry_on_acts, 2, hands_out=True),
    Entry(credit_notes.carry_out_credit_notes, 15, hands_out=True),
    Entry(reissues.reissue_planned, 15, hands_out=True),
    Entry(refunds.carry_out_refunds, 15, hands_out=True),
    Entry(upkeep.count_fleet, 60, hands_out=True),
    Entry(watch.look_for_needs, 10, hands_out=True),
    Entry(watch.sample_fleet, 300, hands_out=True),
    Entry(mails.send_due_mails, 5, hands_out=True),
    Entry(outgoing.send_due_events, 2, hands_out=True),
    Entry(budgets.watch_due_budgets, 60, hands_out=True),
    Entry(restores.keep_ledger_mark, 60),
    Entry(invariants.look_at_money, 60),
    Entry(recount.recount_ledger, 600),
    Entry(rehearsals.rehearse_closes, 60),
    Entry(standing.move_standings, 300),
    Entry(outgoing.tell_past_due, 300),
    Entry(budgets.watch_usage, 3600),
    Entry(inbox.backfill_events, 3600),
    Entry(inbox.reread_invoices, 3600),
    Entry(gaps.look_for_gaps, 3600),
    Entry(upkeep.make_partitions, 3600),
    Entry(upkeep.forget_sessions, 3600),
    Entry(forgetting.forget_old, 24 * 3600),
    Entry(mails.remind_of_bills, 3600),
    Entry(mails.forget_mails, 86400),
)


def reconcile(scheduler: Scheduler, table: tuple[Entry, ...] = TABLE) -> tuple[int, int]:
    """Make Redis hold exactly `table`; return how many entries were cancelled and added.

    Other people's scheduled jobs are left alone. Safe to repeat, and for two schedulers at once:
    an entry has one id, and each task finds by itself what is still to be done.
    """
    held = map(as_text, scheduler.connection.zrange(scheduler.scheduled_jobs_key, 0, -1))
    gone = {one for one in held if one.startswith(PREFIX)} - {entry.id for entry in table}
    for job_id in gone:
        scheduler.cancel(job_id)
    added = missing(scheduler, table, now=utc_now())
    for entry in added:
        add(scheduler, entry)
    every = {one.task.__name__: one.every_seconds for one in table}
    ticks.declare(scheduler.connection, every | {folder.NAME: 1})
    if gone or added:
        log.info("schedule_reconciled", cancelled=len(gone), added=len(added))
    return len(gone), len(added)


def missing(scheduler: Scheduler, table: tuple[Entry, ...], *, now: datetime) -> list[Entry]:
    """Return the entries that Redis does not hold, or holds for a time too far away; one look."""
    if not table:
        return []
    held = scheduler.connection.zmscore(scheduler.scheduled_jobs_key, [one.id for one in table])
    latest = now.timestamp() + SLACK_SECONDS
    return [
        entry
        for entry, due in zip(table, held, strict=True)
        if due is None or due > latest + entry.every_seconds
    ]


def add(scheduler: Scheduler, entry: Entry) -> None:
    """Schedule one entry: to hand out at once, for a worker within a minute."""
    wait = 0 if entry.hands_out else min(entry.every_seconds, 60)
    scheduler.schedule(
        scheduled_time=utc_now() + timedelta(seconds=wait),
        func=entry.task.path,
        interval=entry.every_seconds,
        repeat=None,
        # The job's hash must outlive the interval, or the entry would silently end after one run.
        result_ttl=-1,
        timeout=entry.task.timeout,
        queue_name=entry.task.queue,
        id=entry.id,
    )


def run_now(redis: Redis, name: str) -> None:
    """Let the clock do an entry at its next look, in a second; raise `NotFound`, `Conflict`.

    It does it as if it were due, so one that waits or runs is not queued again.
    """
    entry = entry_named(name)
    if name in ticks.paused(redis):
        raise Conflict("This entry is paused. Nothing was run. Resume it first.")
    now = utc_now().timestamp()
    redis.zadd(Scheduler.scheduled_jobs_key, {entry.id: now}, xx=True)


def entry_named(name: str) -> Entry:
    """Return an entry of the table by its task's name; raise `NotFound`."""
    for entry in TABLE:
        if entry.task.__name__ == name:
            return entry
    raise NotFound(
        "The schedule has no entry with that name. Nothing was changed. Reload the page."
    )
