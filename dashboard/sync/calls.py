"""One call to Stripe under one policy of trying again, and the write-ahead around it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from dashboard.gateway.circuit import CircuitOpen
from dashboard.gateway.errors import (
    CallInFlight,
    GatewayError,
    NotNow,
    OutcomeUnknown,
    Refused,
)
from dashboard.gateway.records import RemoteInvoice, RemoteLine
from dashboard.sync.effects import is_about
from dashboard.sync.lease import extend
from dashboard.sync.models import SyncStep
from dashboard.sync.naming import recognize
from dashboard.sync.steps import finish, intend
from dashboard.sync.stripe_calls.base import Reply, Sending, StripeCall
from dashboard.sync.work import Work

TRIES = 4
# After a call that took longer the lease is renewed before the next: it outlasts one, not two.
QUICK_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.5
# With these the same key may be sent again: not executed, still running, or answered from memory.
SAME_KEY_AGAIN = (NotNow, CallInFlight, OutcomeUnknown)


def perform(work: Work, wanted: StripeCall, *, look: bool = False) -> Reply:
    """Intend, commit, call, record; return the reply or raise `GatewayError`.

    What was recorded is committed with the next intention, or with the end of the run: until then
    the step counts as unsettled, and settling it again finds the same. So nothing is lost where
    `look` has Stripe's lines read between reply and record, and one transaction takes both in.
    """
    step = intend(work, wanted)
    work.checkpoint()
    began = time.monotonic()
    reply = send(work, step, wanted)
    lines = lines_in(reply) if look else None
    if look and lines is None and time.monotonic() - began <= QUICK_SECONDS:
        lines = read_behind(work, step, wanted, reply)
    record(work, step, wanted, reply)
    # They are another draft's where this one was replaced meanwhile.
    if lines is not None and is_about(work, wanted.about):
        work.remote = recognize(work.invoice.id, lines)
    return reply


def record(work: Work, step: SyncStep, sent: StripeCall, reply: Reply) -> None:
    """Note the effect of a call as its reply shows it, in the transaction that ends the step."""
    sent.take_over(work, reply)
    work.remote = None
    finish(step, "done", work, reply)


def lines_in(reply: Reply) -> Sequence[RemoteLine] | None:
    """Return Stripe's lines as a call left them, where its own reply shows all of them."""
    return reply.all_lines if isinstance(reply, RemoteInvoice) else None


def read_behind(work: Work, step: SyncStep, sent: StripeCall, reply: Reply) -> Sequence[RemoteLine]:
    """Read Stripe's lines behind a call that is not recorded; where that fails, it is."""
    try:
        return work.gateway.lines(str(sent.about))
    except GatewayError:
        record(work, step, sent, reply)
        work.checkpoint()
        raise


def send(work: Work, step: SyncStep, wanted: StripeCall) -> Reply:
    """Send a committed step, again where its key makes that safe.

    A refusal ends the step; any other error leaves it without an outcome, to be settled.
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
    # A 429 was not executed: unless an earlier sending may have been, nothing is to be settled and
    # the next attempt plans afresh.
    if isinstance(error, Refused) or (isinstance(error, NotNow) and not unsure):
        finish(step, "refused", work)
    work.checkpoint()
