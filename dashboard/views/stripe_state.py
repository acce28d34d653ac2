"""What the shared limiter knows of Stripe: whether it answers, and what of its budget is used."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from flask import Flask, current_app
from redis.exceptions import RedisError

from dashboard.gateway.call_book import HourOfCalls, Tally, by_reason
from dashboard.gateway.circuit import CircuitState
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.reasons import Reason

REMEMBERED_SECONDS, UNANSWERED_SECONDS = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class StripeState:
    """`away_seconds`: no call is made for so long; 0 while Stripe answers."""

    away_seconds: int
    reads: int
    calls_today: int


@dataclass(frozen=True, slots=True)
class StripeUse:
    """The state, the calls of the last day by hour and by reason, and today's by what was asked."""

    state: StripeState
    hours: Sequence[HourOfCalls]
    by_reason: Sequence[tuple[Reason, Tally]]
    by_endpoint: Sequence[tuple[str, int]]
    circuit: CircuitState


class Known:
    """What was last heard of Stripe, and when: every page says whether it answers.

    A process asks Redis once in `REMEMBERED_SECONDS`, not for each page, and one that does not
    answer is left alone for longer. Who comes meanwhile hears what was heard before.
    """

    def __init__(self) -> None:
        self._heard = (0, -math.inf)
        self._silent_until = -math.inf

    @property
    def is_silent(self) -> bool:
        """Whether Redis did not answer a moment ago: nobody waits for it again so soon."""
        return monotonic() < self._silent_until

    def note_silence(self) -> None:
        """Leave Redis alone for some seconds, as it did not answer."""
        self._silent_until = monotonic() + UNANSWERED_SECONDS
        self._heard = (self._heard[0], self._silent_until)

    def away_seconds(self, ask: Callable[[], int | None]) -> int:
        """Return how long no call will be made, as it was heard just now or a moment ago.

        What `ask` does not know, None, is 0.
        """
        seconds, until = self._heard
        if monotonic() > until:
            self._heard = (seconds, monotonic() + UNANSWERED_SECONDS)
            heard = ask()
            seconds = heard or 0
            self._heard = (seconds, monotonic() + REMEMBERED_SECONDS)
            if heard is None:
                self.note_silence()
        return seconds


def stripe_away_seconds() -> int:
    """Return how long no call will be made; 0 while Stripe answers, or when Redis does not."""
    return known_of_stripe().away_seconds(lambda: _ask_of(_limiter()))


def with_stripe(tag: str, app: Flask | None = None) -> str:
    """Return the tag of a region that says on top whether Stripe answers.

    It costs a poll nothing: what was heard a moment ago is in memory.
    """
    told = app or current_app
    known: Known = told.extensions["known_of_stripe"]
    limiter: RedisLimiter = told.extensions["limiter_of_stripe"]
    return f"{tag}.away" if known.away_seconds(lambda: _ask_of(limiter)) else tag


def known_of_stripe() -> Known:
    """Return what this process heard last."""
    known: Known = current_app.extensions["known_of_stripe"]
    return known


def _ask_of(limiter: RedisLimiter) -> int | None:
    try:
        return limiter.circuit.away_seconds()
    except RedisError:
        return None


def stripe_state() -> StripeState | None:
    """Return the state, None when Redis does not answer, or with what is no number."""
    limiter = _limiter()
    try:
        calls = sum(limiter.calls().values())
        return StripeState(limiter.circuit.open_seconds(), limiter.reads(), calls)
    except (RedisError, ValueError):
        return None


def stripe_use() -> StripeUse | None:
    """Return how much of Stripe's rate is used, None when Redis does not answer."""
    limiter, state = _limiter(), stripe_state()
    if state is None:
        return None
    try:
        by_endpoint = sorted(limiter.calls().items(), key=lambda one: (-one[1], one[0]))
        hours = limiter.book.hours()
        circuit = limiter.circuit.state()
        return StripeUse(state, hours, by_reason(hours), by_endpoint, circuit)
    except RedisError:
        return None


def _limiter() -> RedisLimiter:
    limiter: RedisLimiter = current_app.extensions["limiter_of_stripe"]
    return limiter
