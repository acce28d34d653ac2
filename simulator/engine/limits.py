"""An optional real rate limiter, so that a client's own limiter can be tried against one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from simulator.engine.errors import ApiError


@dataclass
class Bucket:
    """A token bucket that holds one second's worth of requests."""

    per_second: float
    tokens: float = field(init=False)
    filled_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.per_second

    def take(self) -> bool:
        """Take one token if there is one."""
        now = time.monotonic()
        self.tokens = min(self.per_second, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """Limits per account, per endpoint and on requests in flight; all off (None) by default."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set(None, None, None)

    def set(
        self, per_account: float | None, per_endpoint: float | None, in_flight: int | None
    ) -> None:
        """Replace all three limits (requests per second, per second, at once)."""
        with self._lock:
            self.per_account, self.per_endpoint = per_account, per_endpoint
            self.in_flight = in_flight
            self._account = Bucket(per_account) if per_account else None
            self._endpoints: dict[str, Bucket] = {}
            self._running = 0

    def enter(self, endpoint: str) -> None:
        """Admit one request or raise 429; pair with `leave` only when admitted."""
        with self._lock:
            if self.in_flight is not None and self._running >= self.in_flight:
                raise rate_limited("global-concurrency")
            if self._account is not None and not self._account.take():
                raise rate_limited("global-rate")
            if self.per_endpoint and not self._bucket(endpoint, self.per_endpoint).take():
                raise rate_limited("endpoint-rate")
            self._running += 1

    def leave(self) -> None:
        """Count one admitted request as over."""
        with self._lock:
            self._running = max(0, self._running - 1)

    def facts(self) -> dict[str, float | None]:
        """Return the limits in force."""
        return {
            "account_per_second": self.per_account,
            "endpoint_per_second": self.per_endpoint,
            "in_flight": self.in_flight,
        }

    def _bucket(self, endpoint: str, per_second: float) -> Bucket:
        return self._endpoints.setdefault(endpoint, Bucket(per_second))


def rate_limited(reason: str) -> ApiError:
    """Return Stripe's 429 for too many requests; the reason header names the limiter."""
    return ApiError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        began=False,
        headers={"Stripe-Rate-Limited-Reason": reason},
    )


def lock_timeout() -> ApiError:
    """Return Stripe's 429 for two writers on one object: no reason header, nothing executed."""
    return ApiError(
        429,
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it.",
        code="lock_timeout",
        began=False,
        headers={"Stripe-Should-Retry": "true"},
    )
