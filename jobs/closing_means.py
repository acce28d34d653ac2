"""What a close is done with now: Stripe's rate, the workers, and what holds it."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from redis.exceptions import RedisError

from dashboard.closing.held import closings_held
from dashboard.closing.progress import Means
from dashboard.config import Config
from dashboard.gateway.limiter import RedisLimiter
from dashboard.reading.close_progress import CALLS
from jobs.health import workers


def means(*, now: datetime) -> Means:
    """Return them; without Redis no one knows of workers, nor whether Stripe answers."""
    config: Config = current_app.extensions["config"]
    limiter: RedisLimiter = current_app.extensions["limiter_of_stripe"]
    try:
        number: int | None = workers(current_app.extensions["redis"])
        away = limiter.circuit.away_seconds()
    except RedisError:
        number, away = None, 0
    return Means(
        per_second=closes_per_second(config),
        workers=number,
        away_seconds=away,
        held=closings_held(now=now),
    )


def closes_per_second(config: Config) -> float:
    """Return the most closes a second at Stripe's rates: each changes the draft, and finalizes."""
    of_account: float = config.stripe_requests_per_second / CALLS
    return min(float(config.stripe_endpoint_requests_per_second), of_account)
