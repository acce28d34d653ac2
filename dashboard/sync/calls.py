"""One call to Stripe under one policy of trying again, and the write-ahead around it."""

from __future__ import annotations

import secrets

from dashboard.gateway.circuit import CircuitOpen
from dashboard.gateway.errors import (
    CallInFlight,
    GatewayError,
    NotNow,
    OutcomeUnknown,
    Refused,
)
from dashboard.sync.lease import extend
from dashboard.sync.models import SyncStep
from dashboard.sync.steps import finish, intend
from dashboard.sync.stripe_calls.base import Reply, Sending, StripeCall, W
from dashboard.sync.work import Work

TRIES = 4
FIRST_PAUSE_SECONDS = 0.5
# With these the same key may be sent again: not executed, still running, or answered from memory.
SAME_KEY_AGAIN = (NotNow, CallInFlight, OutcomeUnknown)


def perform(work: W, wanted: StripeCall[W]) -> Reply:
    """Intend, commit, call, record; return the reply or raise `GatewayError`.

    What was recorded is committed with the next intention, or when the lease is given back: until
    then the step counts as open, and recovering it finds the same.
    """
    step = intend(work, wanted)
    work.checkpoint()
    reply = send(work, step, wanted)
    record(work, step, wanted, reply)
    return reply


def record(work: W, step: SyncStep, sent: StripeCall[W], reply: Reply) -> None:
    """Note the effect of a call as its reply shows it, in the transaction that ends the step."""
    sent.take_over(work, reply)
    finish(step, "done", work, reply)


def send(work: W, step: SyncStep, wanted: StripeCall[W]) -> Reply:
    """Send a committed step, again where its key makes that safe.

    A refusal ends the step; any other error leaves it without an outcome, to be recovered.
    """
    # Whether an earlier sending may have been carried out, whatever a later one is answered.
    unsure = step.attempts > 1
    sending = Sending(key=step.idempotency_key, run=str(step.run_id))
    for attempt in range(1, TRIES + 1):
        try:
            return wanted.send(work.gateway, sending)
        except SAME_KEY_AGAIN as error:
            # With the circuit open, waiting here would only keep a worker from other things.
            if attempt == TRIES or isinstance(error, CircuitOpen):
                _give_up(work, step, error, unsure=unsure)
                raise
            unsure = unsure or not isinstance(error, NotNow)
            work.pause(pause_seconds(attempt))
            extend(work.lease, now=work.clock())
            work.checkpoint()
        except GatewayError as error:
            _give_up(work, step, error, unsure=unsure)
            raise
    raise AssertionError("unreachable: the last try returns or raises")


def pause_seconds(attempt: int) -> float:
    """Return the wait after the `attempt`-th try: doubling, half of it random."""
    full = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
    return float(full * (0.5 + secrets.randbelow(500) / 1000))


def _give_up(work: Work, step: SyncStep, error: GatewayError, *, unsure: bool) -> None:
    step.error_code = error.code
    step.error = error.message
    step.stripe_request_id = error.request_id
    # A 429 was not executed: unless an earlier sending may have been, nothing is to be recovered,
    # and the next attempt begins afresh.
    if isinstance(error, Refused) or (isinstance(error, NotNow) and not unsure):
        finish(step, "refused", work)
    work.checkpoint()
