"""Redis: reached, kept over a restart, closed to strangers, and refusing instead of forgetting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from redis import Redis
from redis.connection import UnixDomainSocketConnection
from redis.exceptions import AuthenticationError, RedisError

from dashboard.clock import utc_now
from dashboard.doctor import clocks
from dashboard.doctor.finding import Finding, look, mend, ok

OLDEST = (6, 2)
ADDRESS = (
    "Is it running, and is REDIS_URL right? Pages are served, and jobs wait, until it is back."
)


def findings(redis: Redis) -> Iterator[Finding]:
    """Yield what is found of Redis; nothing more once it does not answer."""
    try:
        told: Mapping[str, Any] = redis.info()
    except RedisError as error:
        yield mend("redis", f"unreachable: {type(error).__name__}: {error}", ADDRESS)
        return
    yield version(told)
    try:
        yield clock(redis)
    except RedisError as error:
        seen = f"it does not tell the time: {error}"
        yield look("clock of Redis", seen, "Allow its user to ask: deploy/redis.")
    yield persistence(told)
    yield memory(told)
    yield strangers(redis)


def version(told: Mapping[str, Any]) -> Finding:
    """Return whether the server is one that the product was tried on."""
    shown = str(told["redis_version"])
    if tuple(int(part) for part in shown.split(".")[:2]) < OLDEST:
        return mend("version", f"Redis {shown}", "6.2 is the oldest that is tested.")
    return ok("version", f"Redis {shown}")


def clock(redis: Redis) -> Finding:
    """Return whether the server's clock agrees with ours."""
    before = utc_now()
    seconds, microseconds = redis.time()
    theirs = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
    return clocks.compare("Redis", theirs, before=before, after=utc_now())


def persistence(told: Mapping[str, Any]) -> Finding:
    """Return whether a restart keeps the queues: what it loses is found by sweeps, late."""
    name = "persistence"
    if told.get("aof_enabled"):
        if told.get("aof_last_write_status") != "ok":
            return mend(name, "the append-only file could not be written", "Is its disk full?")
        return ok(name, "append-only file")
    to_do = "Set `appendonly yes`. Until then, work after a restart is minutes late."
    return look(name, "a restart loses queued jobs", to_do)


def memory(told: Mapping[str, Any]) -> Finding:
    """Return whether Redis refuses when it is full, or drops queues without a word."""
    policy = told.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and told.get("maxmemory"):
        return mend(
            "memory", f"it drops keys when full ({policy})", "Set `maxmemory-policy noeviction`."
        )
    return ok("memory", "it drops no keys when full")


def strangers(redis: Redis) -> Finding:
    """Return whether Redis answers those who name no password: whoever reaches it queues jobs."""
    name, pool = "password", redis.connection_pool
    if issubclass(pool.connection_class, UnixDomainSocketConnection):
        return ok(name, "it is reached through a socket")
    nameless = {**pool.connection_kwargs, "username": None, "password": None}
    stranger = Redis.from_pool(type(pool)(pool.connection_class, **nameless))
    try:
        stranger.ping()
    except AuthenticationError:
        return ok(name, "it does not answer without one")
    except RedisError as error:
        return ok(name, f"without one it answers {type(error).__name__}")
    finally:
        stranger.close()
    to_do = "Give it a user and a password: deploy/redis."
    found = look if _is_here(str(nameless.get("host", ""))) else mend
    return found(name, "it answers anyone who can reach it", to_do)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
