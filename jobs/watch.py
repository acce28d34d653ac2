"""Watch the whole: what needs a person, and how the figures of the day go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flask import current_app
from redis import Redis
from rq.registry import FailedJobRegistry

from dashboard.approvals.moot import end_moot
from dashboard.approvals.propose import end_late
from dashboard.approvals.telling import mail_proposers
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.gateway.limiter import READS_ALLOTTED, RedisLimiter
from dashboard.mail.outbox import waiting
from dashboard.needs.found import Found
from dashboard.needs.look import KEPT, forget_settled, look
from dashboard.reading.needs import overview
from dashboard.transaction import after_commit
from dashboard.trends.sample import Machine, sample
from jobs.health import Health, read_health
from jobs.mails import is_mail_on, send_mails
from jobs.queues import QUEUES, queue_named
from jobs.runtime import job, redis_or_none
from jobs.ticks import Tick

# What the sidebar says of the whole, by the name of the place that it stands at.
COUNTS = "sidebar:counts"
# Among them: 1 while the ledger is held as one that was restored.
HELD = "ledger_held"
NOBODY = 0
# Longer than a server is usually restarted, and than links are waited for.
MAILS_WAIT = timedelta(minutes=15)


@job(queue="maintenance", timeout=60)
def look_for_needs() -> None:
    """Find what needs a person and what needs one no more."""
    now = utc_now()
    end_late(now=now)
    end_moot(now=now)
    if is_mail_on() and mail_proposers(now=now):
        send_mails.enqueue()
    late = redis_or_none(lambda redis: _late(redis, now))
    if late is not None:
        late += late_mails(now=now)
    told = {"late": late, "calls": redis_or_none(_calls)}
    look(now=now, told=told)
    found = overview(NOBODY)
    dead, held = (
        sum(one.number for one in found.tallies if one.kind == kind)
        for kind in ("dead", "restored")
    )
    _show({"needs": found.number, "webhook_events": dead, HELD: held})


def look_soon() -> None:
    """Let a worker look once this transaction is committed: who decided something sees it leave."""
    look_for_needs.enqueue(queue="interactive")


@job(queue="maintenance", timeout=60)
def sample_fleet() -> None:
    """Note the figures of the whole, and forget what was settled long ago."""
    now = utc_now()
    config: Config = current_app.extensions["config"]
    machine = Machine(
        calls=redis_or_none(lambda _redis: sum(_limiter().calls().values())),
        calls_per_second=config.stripe_requests_per_second,
        failed_jobs=redis_or_none(failed_jobs),
    )
    noted = sample(machine, every=timedelta(seconds=config.sync_interval_seconds), now=now)
    forget_settled(before=now - KEPT)
    _show({"organizations": noted.organizations})


def failed_jobs(redis: Redis) -> int:
    """Return how many jobs failed and are kept to be looked at."""
    queues = (queue_named(name, redis) for name in QUEUES)
    return sum(FailedJobRegistry(queue=queue).count for queue in queues)


def late_parts(health: Health, *, now: datetime) -> Iterable[Found]:
    """Yield what of the machine stands still."""
    for tick in health.late_ticks:
        yield Found(f"tick:{tick.name}", _since(tick, now), {"why": _tick_words(tick, now)})
    for tick in health.ticks:
        if tick.paused:
            at = _minute(datetime.fromtimestamp(tick.paused.at, UTC))
            called = tick.name.replace("_", " ").capitalize()
            why = f"{tick.paused.by} paused “{called}”. It does not run until it is resumed."
            yield Found(f"paused:{tick.name}", at, {"why": why})
    for queue in health.late_queues:
        since = _minute(now - timedelta(seconds=queue.oldest_seconds))
        why = f"A job in the queue “{queue.queue}” has been waiting since {since:%H:%M} UTC."
        yield Found(f"queue:{queue.queue}", since, {"why": why})
    if not health.workers:
        yield Found("workers", None, {"why": "No worker is running. Nothing is synced."})


def late_mails(*, now: datetime) -> Iterable[Found]:
    """Yield that mails do not leave: a server that is away for moments is no news."""
    found = waiting(now=now)
    if not is_mail_on() or found.since is None or now - found.since < MAILS_WAIT:
        return
    number = f"{found.number} e-mail{'s wait' if found.number != 1 else ' waits'}"
    why = f"{number} since {_minute(found.since):%H:%M} UTC. {found.problem or ''}".strip()
    yield Found("mails", _minute(found.since), {"why": why})


def _late(redis: Redis, now: datetime) -> list[Found]:
    return list(late_parts(read_health(redis), now=now))


def _calls(_redis: Redis) -> list[Found]:
    reads = _limiter().reads()
    if reads <= READS_ALLOTTED:
        return []
    why = f"{reads:,} reads in 30 days. Stripe allows at least {READS_ALLOTTED:,} per account."
    return [Found("reads", None, {"why": why})]


def _tick_words(tick: Tick, now: datetime) -> str:
    called = tick.name.replace("_", " ").capitalize()
    if tick.age_seconds is None:
        return f"“{called}” has never run; it runs every {tick.every_seconds} seconds."
    at = _minute(now - timedelta(seconds=tick.age_seconds))
    return f"“{called}” last ran at {at:%H:%M} UTC; it runs every {tick.every_seconds} seconds."


def _since(tick: Tick, now: datetime) -> datetime:
    seconds = tick.declared_seconds if tick.age_seconds is None else tick.age_seconds
    return _minute(now - timedelta(seconds=seconds))


def _minute(at: datetime) -> datetime:
    """Return the minute: what is told in it is the same at each look."""
    return at.replace(second=0, microsecond=0)


def _show(counts: dict[str, int]) -> None:
    def show(redis: Redis) -> None:
        for name, number in counts.items():
            redis.hset(COUNTS, name, str(number))

    after_commit(lambda: redis_or_none(show))


def _limiter() -> RedisLimiter:
    limiter: RedisLimiter = current_app.extensions["limiter_of_stripe"]
    return limiter
