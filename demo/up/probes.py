"""How to tell that a part has come up."""

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError


def answers(url: str) -> Callable[[], bool]:
    """Return a probe: whether a GET of `url` (http, on this machine) is answered with 200."""
    parts = urlsplit(url)

    def probe() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        try:
            connection.request("GET", parts.path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def has_workers(redis_url: str) -> Callable[[], bool]:
    """Return a probe: whether an RQ worker has registered since now.

    One that was killed stays registered for a while.
    """

    def registered() -> set[bytes]:
        try:
            with Redis.from_url(redis_url) as client:
                return set(client.smembers("rq:workers"))
        except RedisError:
            return set()

    before = registered()
    return lambda: bool(registered() - before)


def has_lasted(seconds: float) -> Callable[[], bool]:
    """Return a probe for a part that has no way to be asked: whether `seconds` went by."""
    first: list[float] = []

    def probe() -> bool:
        first.append(time.monotonic())
        return first[-1] - first[0] >= seconds

    return probe
