"""What the shared limiter knows of Stripe: whether it answers, and what of its budget is used."""

from dataclasses import dataclass

from flask import current_app
from redis.exceptions import RedisError

from dashboard.gateway.limiter import RedisLimiter

# Stripe allots at least this many reads in thirty days (its rate-limit page).
READS_ALLOTTED = 10_000


@dataclass(frozen=True, slots=True)
class StripeState:
    """`away_seconds`: no call is made for so long; 0 while Stripe answers."""

    away_seconds: int
    reads: int
    calls_today: int


def stripe_away_seconds() -> int:
    """Return how long no call will be made; 0 while Stripe answers, or when Redis does not."""
    try:
        return _limiter().circuit.open_seconds()
    except RedisError:
        return 0


def stripe_state() -> StripeState | None:
    """Return the state, None when Redis does not answer."""
    limiter = _limiter()
    try:
        calls = sum(limiter.calls().values())
        return StripeState(limiter.circuit.open_seconds(), limiter.reads(), calls)
    except RedisError:
        return None


def _limiter() -> RedisLimiter:
    limiter: RedisLimiter = current_app.extensions["limiter_of_stripe"]
    return limiter
