"""The clock hands out what is due by itself: nothing piles up, and nothing stops it for long."""

import signal
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from redis.exceptions import ConnectionError as RedisIsAway
from sqlalchemy import create_engine, text

from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.transaction import transaction
from jobs import clock as clocks
from jobs import folder, ticks
from jobs.clock import Clock
from jobs.cycles import roll_due
from jobs.queues import QUEUES, queue_named
from jobs.runtime import Task
from jobs.schedule import SLACK_SECONDS, TABLE, Entry, run_now
from jobs.upkeep import count_fleet
from jobs.watch import look_for_needs, sample_fleet
from tests.support.billing import make_bill, put
from tests.support.queries import count_queries

# What looks at the whole hands nothing out; tests/plans says what it may cost.
LOOKING = (count_fleet, look_for_needs, sample_fleet)
HANDING_OUT = [entry for entry in TABLE if entry.hands_out and entry.task not in LOOKING]


@pytest.fixture
def clock(app: Flask, db: SQLAlchemy, redis: Redis) -> Clock:
    """A clock whose Redis holds its table and nothing else."""
    made = Clock(app)
    made.enqueue_jobs()
    return made


def fall_due(clock: Clock, *entries: Entry) -> None:
    """Let the time of these entries come, of no others however slow the machine is, and do them."""
    now = utc_now().timestamp()
    times = {one.id: now + one.every_seconds + SLACK_SECONDS for one in TABLE}
    times |= {entry.id: now - 1 for entry in entries}
    clock.connection.zadd(clock.scheduled_jobs_key, times)
    clock.enqueue_jobs()


def queued(redis: Redis) -> list[tuple[str, str]]:
    """Return queue and function of every job that waits, by urgency."""
    return [
        (name, job.func_name.rpartition(".")[2])
        for name in QUEUES
        for job in queue_named(name, redis).jobs
    ]


def test_a_hundred_turns_without_workers_leave_the_work_once_and_no_ticks(
    clock: Clock, redis: Redis
) -> None:
    bill = make_bill()
    with transaction():
        bill.period_end = utc_now()
    for _ in range(100):
        fall_due(clock, *TABLE)
    assert queued(redis) == [
        ("interactive", "keep_ledger_mark"),
        ("closing", "roll_batch"),
        ("maintenance", "backfill_events"),
        ("maintenance", "forget_mails"),
        ("maintenance", "forget_old"),
        ("maintenance", "forget_sessions"),
        ("maintenance", "look_at_money"),
        ("maintenance", "look_for_gaps"),
        ("maintenance", "make_partitions"),
        ("maintenance", "move_standings"),
        ("maintenance", "recount_ledger"),
        ("maintenance", "rehearse_closes"),
        ("maintenance", "remind_of_bills"),
        ("maintenance", "reread_invoices"),
        ("maintenance", "tell_past_due"),
        ("maintenance", "watch_usage"),
    ]


@pytest.mark.parametrize("entry", HANDING_OUT, ids=lambda entry: entry.task.__name__)
def test_an_entry_with_nothing_due_costs_one_query_and_no_job(
    clock: Clock, db: SQLAlchemy, redis: Redis, entry: Entry
) -> None:
    with count_queries(db.engine) as queries:
        fall_due(clock, entry)
    assert len(queries.statements) == 1, queries.statements
    assert queued(redis) == []


def test_what_is_due_is_queued_by_the_clock_and_due_again_after_its_interval(
    clock: Clock, redis: Redis
) -> None:
    bill = make_bill()
    put(bill, a=100)
    with transaction():
        bill.next_sync_at = bill.created_at
    [entry] = (one for one in TABLE if one.task.__name__ == "sync_due")
    fall_due(clock, entry)
    assert queued(redis) == [("scheduled", "sync_batch")]
    due = redis.zscore(clock.scheduled_jobs_key, entry.id)
    assert 8 <= due - utc_now().timestamp() <= 10


def test_an_entry_that_fails_stops_neither_the_others_nor_itself(
    app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    turns: list[str] = []

    def fails() -> None:
        turns.append("fails")
        raise ValueError("asked to fail")

    def works() -> None:
        turns.append("works")

    entries = [
        Entry(Task(each, queue="closing", timeout=5), 5, hands_out=True) for each in (fails, works)
    ]
    clock = Clock(app, tuple(entries))
    clock.enqueue_jobs()
    fall_due(clock, *entries)
    assert sorted(turns) == ["fails", "fails", "works", "works"]
    silent = [tick.name for tick in ticks.read(redis) if tick.age_seconds is None]
    # Nobody folds usage here.
    assert silent == ["fails", folder.NAME]


def test_an_entry_that_hangs_in_the_database_is_cut_off_and_runs_the_next_time(
    app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    bill = make_bill()
    with transaction():
        bill.period_end = utc_now()
    db.session.remove()
    entry = Entry(Task(roll_due.function, queue="closing", timeout=1), 5, hands_out=True)
    clock = Clock(app, (entry,))
    somebody = create_engine(db.engine.url)
    with somebody.begin() as holding:
        holding.execute(text("lock table invoices in access exclusive mode"))
        began = time.monotonic()
        clock.enqueue_jobs()
        assert 0.9 < time.monotonic() - began < 5
    somebody.dispose()
    assert queued(redis) == []
    fall_due(clock, entry)
    assert queued(redis) == [("closing", "roll_batch")]


def test_the_clock_goes_on_when_the_database_is_back(
    clock: Clock, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = HANDING_OUT[0]
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with monkeypatch.context() as patch:
        patch.setattr("flask_sqlalchemy.session.Session.get_bind", lambda *_, **__: away)
        fall_due(clock, entry)
    redis.delete(ticks.LAST)
    fall_due(clock, entry)
    assert [tick.name for tick in ticks.read(redis) if tick.age_seconds is not None] == [
        entry.task.__name__
    ]


def test_an_emptied_redis_has_the_table_again_at_the_next_poll(clock: Clock, redis: Redis) -> None:
    redis.flushdb()
    clock.enqueue_jobs()
    assert redis.zcard(clock.scheduled_jobs_key) == len(TABLE)


def test_a_clock_that_was_set_back_does_not_sleep_until_it_has_caught_up(
    clock: Clock, redis: Redis
) -> None:
    ahead = utc_now() + timedelta(hours=1)
    redis.zadd(clock.scheduled_jobs_key, {one.id: ahead.timestamp() for one in HANDING_OUT})
    redis.delete(ticks.LAST)
    clock.enqueue_jobs()
    assert len([tick for tick in ticks.read(redis) if tick.age_seconds is not None]) == len(
        HANDING_OUT
    )


def test_two_clocks_hand_out_the_same_work_once(clock: Clock, app: Flask, redis: Redis) -> None:
    for slug in ("one", "two"):
        bill = make_bill(slug)
        with transaction():
            bill.period_end = utc_now()
    for each in (clock, Clock(app)):
        fall_due(each, *HANDING_OUT)
    [job] = queue_named("closing", redis).jobs
    assert len(job.args) == 2


def test_a_job_of_somebody_else_is_taken_off_the_schedule_and_runs_nowhere(
    clock: Clock, redis: Redis
) -> None:
    redis.hset("rq:job:theirs", mapping={"data": "?", "meta": "?", "origin": "maintenance"})
    redis.zadd(clock.scheduled_jobs_key, {"theirs": 1, "not an id": 2})
    clock.enqueue_jobs()
    assert queued(redis) == []
    assert redis.zcard(clock.scheduled_jobs_key) == len(TABLE)
    assert redis.exists("rq:job:theirs")


class Stopping(Clock):
    """A clock whose Redis goes away once, and which is told to stop at its second run."""

    runs = 0

    def run(self, burst: bool = False) -> None:
        Stopping.runs += 1
        self.is_stopping = Stopping.runs > 1
        raise RedisIsAway("asked to fail")


def test_it_outlives_an_outage_of_redis_and_still_stops_when_told(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "Clock", Stopping)
    monkeypatch.setattr(clocks, "POLL_SECONDS", 0)
    clocks.run(app)
    assert Stopping.runs == 2


def test_a_signal_stops_it_though_redis_is_away(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    clock._install_signal_handlers()
    try:
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert clock.is_stopping


def test_a_paused_entry_is_left_out_until_it_is_resumed(clock: Clock, redis: Redis) -> None:
    bill = make_bill()
    with transaction():
        bill.period_end = utc_now()
    [entry] = (one for one in TABLE if one.task is roll_due)
    assert ticks.pause(redis, "roll_due", "Ada")
    assert not ticks.pause(redis, "roll_due", "Grace")
    fall_due(clock, entry)
    assert queued(redis) == []
    [tick] = (one for one in ticks.read(redis) if one.name == "roll_due")
    assert tick.paused
    assert tick.paused.by == "Ada"
    assert not replace(tick, age_seconds=9999.0).is_late
    assert ticks.resume(redis, "roll_due")
    fall_due(clock, entry)
    assert queued(redis) == [("closing", "roll_batch")]


def test_a_pause_that_none_of_us_wrote_stops_nothing(clock: Clock, redis: Redis) -> None:
    bill = make_bill()
    with transaction():
        bill.period_end = utc_now()
    redis.hset(ticks.PAUSED, "roll_due", "?")
    [entry] = (one for one in TABLE if one.task is roll_due)
    fall_due(clock, entry)
    assert queued(redis) == [("closing", "roll_batch")]


def test_an_entry_is_done_at_the_next_look_where_a_person_asks(clock: Clock, redis: Redis) -> None:
    clock.enqueue_jobs()
    assert queued(redis) == []
    run_now(redis, "backfill_events")
    clock.enqueue_jobs()
    assert queued(redis) == [("maintenance", "backfill_events")]
    ticks.pause(redis, "backfill_events", "Ada")
    with pytest.raises(Conflict, match="is paused"):
        run_now(redis, "backfill_events")
    with pytest.raises(NotFound):
        run_now(redis, "no_such_entry")


def test_how_long_a_turn_took_is_noted(clock: Clock, redis: Redis) -> None:
    [entry] = (one for one in TABLE if one.task is roll_due)
    fall_due(clock, entry)
    [tick] = (one for one in ticks.read(redis) if one.name == "roll_due")
    assert tick.took_seconds is not None
    assert 0 < tick.took_seconds < 10
